package main

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation"
)

func TestHistoryIsATable(t *testing.T) {
	began := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	var out strings.Builder
	require.NoError(t, printHistory(&out, []automation.PastOperation{
		{Operation: "update", Result: "in-progress", Began: began},
		{
			Operation: "destroy", Result: "succeeded", Began: began, Ended: began.Add(90 * time.Second),
			Changes: map[string]int{"same": 1, "delete": 2}, Message: "for\tcheckout \x1b[31m\nand more",
		},
	}))
	require.Equal(t, `OPERATION  RESULT       BEGAN                 TOOK   CHANGES           MESSAGE
update     in-progress  2026-01-02T03:04:05Z  -                        
destroy    succeeded    2026-01-02T03:04:05Z  1m30s  2 delete, 1 same  for checkout 
`, out.String())
	out.Reset()
	require.NoError(t, printHistory(&out, nil))
	require.Equal(t, "nothing has changed the stack yet\n", out.String())
}
