// Every user of a tenant by Duo's own Go client: list SCHEME HOST:PORT, keys in the environment.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"

	duoapi "github.com/duosecurity/duo_api_golang"
	"github.com/duosecurity/duo_api_golang/admin"
)

type page struct {
	Stat     string
	Metadata struct {
		NextOffset *int `json:"next_offset"`
	}
	Response []struct {
		UserID string `json:"user_id"`
	}
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func main() {
	scheme, address := os.Args[1], os.Args[2]
	// The client only knows HTTPS on port 443: its connections go to the emulator instead.
	plain := func(transport *http.Transport) {
		transport.DialTLSContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, address)
		}
	}
	host := strings.Split(address, ":")[0]
	duo := duoapi.NewDuoApi(os.Getenv("IKEY"), os.Getenv("SKEY"), host, "", duoapi.SetTransport(plain))
	found := map[string]bool{}
	awkward := "\u00e9 ~!'()*+&=/ \U0001f98a"
	if scheme == "v2-sha512" {
		users, err := admin.New(*duo).GetUsers()
		check(err)
		for _, user := range users.Response {
			found[user.UserID] = true
		}
		_, body, err := duo.SignedCall("GET", "/admin/v1/users", url.Values{"username": {awkward}})
		check(err)
		check(accepted(body, &page{}))
	} else {
		for offset := 0; ; {
			params := duoapi.JSONParams{"limit": "100", "offset": fmt.Sprint(offset)}
			_, body, err := duo.JSONSignedCall("GET", "/admin/v1/users", params)
			check(err)
			var users page
			check(accepted(body, &users))
			for _, user := range users.Response {
				found[user.UserID] = true
			}
			if users.Metadata.NextOffset == nil {
				break
			}
			offset = *users.Metadata.NextOffset
		}
		_, body, err := duo.JSONSignedCall("GET", "/admin/v1/users", duoapi.JSONParams{"username": awkward})
		check(err)
		check(accepted(body, &page{}))
	}
	fmt.Println(len(found))
}

func accepted(body []byte, answer *page) error {
	if err := json.Unmarshal(body, answer); err != nil {
		return err
	}
	if answer.Stat != "OK" {
		return fmt.Errorf("refused: %s", body)
	}
	return nil
}
