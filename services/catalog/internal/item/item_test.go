package item

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/services/internal/invalid"
)

func cents(n int64) *int64 { return &n }

func TestDraftValidate(t *testing.T) {
	longest := Draft{
		Name:        strings.Repeat("é", MaxNameLength), // characters count, not bytes
		Description: strings.Repeat("é", MaxDescriptionLength),
		PriceCents:  cents(MaxPriceCents),
	}
	require.NoError(t, longest.Validate())
	require.NoError(t, Draft{Name: "a", Description: "two\n\tlines", PriceCents: cents(0)}.Validate())

	for name, tc := range map[string]struct {
		change func(*Draft)
		want   string
	}{
		"no name":    {func(d *Draft) { d.Name = "" }, "name: is required"},
		"blank name": {func(d *Draft) { d.Name = " \t" }, "name: is required"},
		"long name": {
			func(d *Draft) { d.Name += "x" },
			"name: has 201 characters; at most 200 are allowed",
		},
		"name of two lines": {func(d *Draft) { d.Name = "a\nb" }, "name: holds the control character U+000A"},
		"long description": {
			func(d *Draft) { d.Description += "x" },
			"description: has 2001 characters; at most 2000 are allowed",
		},
		"description with an NUL": {
			func(d *Draft) { d.Description = "a\x00" },
			"description: holds the control character U+0000",
		},
		"no price": {func(d *Draft) { d.PriceCents = nil }, "priceCents: is required"},
		"negative price": {
			func(d *Draft) { d.PriceCents = cents(-1) },
			"priceCents: is -1; allowed are 0 to 100000000",
		},
		"price above the greatest": {
			func(d *Draft) { d.PriceCents = cents(MaxPriceCents + 1) },
			"priceCents: is 100000001; allowed are 0 to 100000000",
		},
	} {
		t.Run(name, func(t *testing.T) {
			draft := longest
			tc.change(&draft)
			var wrong *invalid.Error
			require.ErrorAs(t, draft.Validate(), &wrong)
			assert.EqualError(t, wrong, tc.want)
		})
	}
}
