package configdoc

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/awslab/awslab/infra/config"
)

// The table of defaults stands between these two lines of the README.
const (
	begin = "<!-- defaults: go generate ./infra/... -->\n"
	end   = "<!-- end of defaults -->\n"
)

// Readme returns the README with the table of what differs between the profiles as it is now.
func Readme(readme string) (string, error) {
	before, rest, found := strings.Cut(readme, begin)
	_, after, foundEnd := strings.Cut(rest, end)
	if !found || !foundEnd {
		return "", fmt.Errorf("the README lacks the lines %q and %q", begin, end)
	}
	table, err := table()
	if err != nil {
		return "", err
	}
	return before + begin + table + end + after, nil
}

func table() (string, error) {
	var text strings.Builder
	text.WriteString("| key | dev | prod |\n|---|---|---|\n")
	for _, d := range config.Defaults {
		if reflect.DeepEqual(d.Dev, d.Prod) {
			continue
		}
		dev, prod, err := texts(d)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&text, "| `%s` | `%s` | `%s` |\n", d.Key, dev, prod)
	}
	return text.String(), nil
}
