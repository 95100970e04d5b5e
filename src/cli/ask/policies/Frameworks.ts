/**
 * Public frameworks, and those of their controls that policies answer. The words are the framework's own, shortened.
 * docs/controls.md says of each control what the policies show, and what they cannot. None of them proves a whole control.
 */
import type { Verdict } from "./Verdict.ts"

export interface Control {
  /** The framework's id of the control. */
  readonly id: string
  readonly words: string
}

export interface Framework {
  /** The name on the command line and in the files of policies. */
  readonly name: string
  readonly title: string
  /** Where its words are. */
  readonly url: string
  readonly controls: ReadonlyArray<Control>
}

export const frameworks: ReadonlyArray<Framework> = [
  {
    name: "cis",
    title: "CIS Controls v8.1",
    url: "https://www.cisecurity.org/controls/v8-1",
    controls: [
      {
        id: "5.3",
        words: "Delete or disable any dormant accounts after a period of 45 days of inactivity, where supported"
      },
      {
        id: "6.3",
        words: "Require all externally-exposed enterprise or third-party applications to enforce MFA, where supported"
      },
      { id: "6.4", words: "Require MFA for remote network access" },
      {
        id: "6.5",
        words: "Require MFA for all administrative access accounts, where supported, on all enterprise assets"
      }
    ]
  },
  {
    name: "nist",
    title: "NIST SP 800-63B-4",
    url: "https://pages.nist.gov/800-63-4/sp800-63b.html",
    controls: [
      {
        id: "AAL2",
        words: "Proof of two distinct authentication factors; verifiers offer at least one phishing-resistant option"
      },
      { id: "AAL3", words: "A phishing-resistant authenticator with a non-exportable authentication key" },
      {
        id: "3.2.9",
        words: "Texts and calls are restricted: offer at least one alternative authenticator that is not"
      }
    ]
  },
  {
    name: "pci",
    title: "PCI DSS v4.0.1",
    url: "https://www.pcisecuritystandards.org/document_library/",
    controls: [
      { id: "8.4.1", words: "MFA for all non-console access into the CDE for personnel with administrative access" },
      { id: "8.4.2", words: "MFA for all non-console access into the CDE" },
      {
        id: "8.4.3",
        words: "MFA for all remote access from outside the entity's network that could access or impact the CDE"
      },
      {
        id: "8.5.1",
        words:
          "MFA cannot be bypassed by any users, unless documented, and authorized by management, for a limited time period"
      }
    ]
  },
  {
    name: "cisa",
    title: "CISA, phishing-resistant MFA and number matching",
    url: "https://www.cisa.gov/MFA",
    controls: [
      { id: "phishing-resistant", words: "Implement phishing-resistant MFA, for high-value targets first" },
      { id: "last-resort", words: "SMS or voice should only be used as a last resort MFA option" },
      { id: "number-matching", words: "Use number matching where mobile push is used, to mitigate MFA fatigue" }
    ]
  }
]

/** The names of the controls as a policy writes them, such as `cis 6.3`. */
export const controlNames = frameworks.flatMap(({ controls, name }) => controls.map(({ id }) => `${name} ${id}`))

/** A control with the verdict on it, which follows from the verdicts on its policies. */
export interface JudgedControl extends Control {
  readonly verdict: Verdict["verdict"]
  readonly policies: ReadonlyArray<Pick<Verdict, "policy" | "verdict">>
}

/** A framework with those of its controls that policies answer. */
export interface JudgedFramework extends Omit<Framework, "controls"> {
  readonly controls: ReadonlyArray<JudgedControl>
}

/** The order of verdicts: the verdict on a control is the first of those on its policies. */
const order: ReadonlyArray<Verdict["verdict"]> = ["broken", "cannot be told", "left out", "kept"]

/** Whether a policy answers a control of the framework. */
export const isAnsweredBy = ({ controls, name }: Framework, policy: Pick<Verdict, "controls">) =>
  controls.some(({ id }) => policy.controls.includes(`${name} ${id}`))

/** Judges the controls of a framework that at least one of the policies answers. */
export const judge = ({ controls, ...framework }: Framework, verdicts: ReadonlyArray<Verdict>): JudgedFramework => ({
  ...framework,
  controls: controls.flatMap((control) => {
    const policies = verdicts.filter((verdict) => verdict.controls.includes(`${framework.name} ${control.id}`))
    const worst = order.find((verdict) => policies.some((policy) => policy.verdict === verdict))
    return worst === undefined ? [] : [{
      ...control,
      verdict: worst,
      policies: policies.map(({ policy, verdict }) => ({ policy, verdict }))
    }]
  })
})

/** "CIS Controls v8.1, as far as Duo can tell: 1 of 4 controls kept, 2 broken, 1 left out". */
export const score = ({ controls, title }: JudgedFramework) => {
  const count = (which: Verdict["verdict"]) => controls.filter(({ verdict }) => verdict === which).length
  const others = order.filter((verdict) => verdict !== "kept" && count(verdict) > 0)
  return [
    `${title}, as far as Duo can tell: ${count("kept")} of ${controls.length} controls kept`,
    ...others.map((verdict) => `${count(verdict)} ${verdict}`)
  ].join(", ")
}
