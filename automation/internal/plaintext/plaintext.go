// Package plaintext takes from text of others what would change a terminal.
package plaintext

import (
	"strings"
	"unicode"

	"github.com/charmbracelet/x/ansi"
)

// Of returns text without what would move the cursor or change colors.
func Of(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, ansi.Strip(text))
}
