package grammar

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSchedules(t *testing.T) {
	for text, want := range map[string]bool{
		"cron(0 7 ? * MON-FRI *)":         true,
		"cron(0 20 * * ? *)":              true,
		"cron(0/15 8-17,20 ? * 2-6 *)":    true,
		"cron(0 7 L JAN,JUL ? 2026-2030)": true,
		"cron(0 7 15W * ? *)":             true,
		"cron(0 7 ? * 6#3 *)":             true,
		"cron(0 7 ? * FRI#3 *)":           true,
		"cron(*/5 * * * ? *)":             true,
		"cron(0 7 * * * *)":               false,
		"cron(0 7 ? * ? *)":               false,
		"cron(0 7 1 * MON *)":             false,
		"cron(60 7 ? * MON *)":            false,
		"cron(0 24 ? * MON *)":            false,
		"cron(0 7 0 * ? *)":               false,
		"cron(0 7 ? * MO *)":              false,
		"cron(0 7 ? 13 MON *)":            false,
		"cron(0 7 ? * MON 26)":            false,
		"cron(0/0 7 ? * MON *)":           false,
		"cron(0 7- ? * MON *)":            false,
		"cron(0 7 ? * MON)":               false,
		"rate(1 hour)":                    true,
		"rate(0 hours)":                   false,
		"at(2026-01-31T07:00:00)":         true,
		"at(2026-02-30T00:00:00)":         false,
		"at(tomorrow)":                    false,
		"0 7 * * *":                       false,
		"":                                false,
	} {
		require.Equal(t, want, IsSchedule(text), text)
	}
}
