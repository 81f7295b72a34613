package backup

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// While the ARN of a resource is not known, its type decides over patterns that are of one service or of all of it.
func TestPatternsOfWhichTheTypeIsEnough(t *testing.T) {
	for pattern, want := range map[string]answer{
		"arn:aws:dynamodb:*:*:table/*":         yes,
		"arn:aws:dynamodb:*:*:*":               yes,
		"arn:aws:rds:*:*:db:*":                 no,
		"arn:aws:dynamodb:*:*:table/orders":    maybe,
		"arn:aws:dynamodb:eu-west-1:*:table/*": maybe,
		"arn:aws:*:*:*:table/*":                maybe,
		"table/*":                              maybe,
	} {
		require.Equal(t, want, matchesType(pattern, tableType), pattern)
	}
	require.Equal(t, maybe, matchesType("arn:aws:dynamodb:*:*:table/*", "aws:fsx/lustreFileSystem:LustreFileSystem"))
}
