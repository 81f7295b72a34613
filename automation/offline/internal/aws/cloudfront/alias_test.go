package cloudfront

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestAWildcardCoversOneLabel(t *testing.T) {
	for domain, want := range map[string]bool{
		"shop.example.com":   true,
		"Shop.Example.com":   true,
		"example.com":        false,
		"a.shop.example.com": false,
		"shop.example.org":   false,
	} {
		assert.Equal(t, want, covers("*.example.com", domain), domain)
	}
	assert.True(t, covers("example.com", "example.com"))
}
