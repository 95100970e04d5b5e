/** The text of a page or a part of one, without markup; every space is one. */
export const sentences = (markup: string) =>
  markup.replaceAll(/<(style|head)>[\s\S]*?<\/\1>/g, "").replaceAll(/<[^>]*>/g, "")
    .replaceAll(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)))
    .replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", "\"").replaceAll("&amp;", "&")
    .replaceAll(/\s+/g, " ").trim()
