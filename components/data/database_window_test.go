package data

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWindowsBlockBackups(t *testing.T) {
	const sunday = 6 * 24 * 60
	args := &DatabaseArgs{Kind: DatabaseInstance, BackupWindow: "00:30-01:00", MaintenanceWindow: "sun:23:30-mon:00:10"}
	for minute, want := range map[int][]string{
		0:                   {"BackupWindow", "MaintenanceWindow"},
		9:                   {"BackupWindow", "MaintenanceWindow"},
		10:                  {"BackupWindow"},
		59:                  {"BackupWindow"},
		60:                  nil,
		24*60 - 31:          nil,
		24*60 - 30:          {"BackupWindow"},
		sunday + 22*60 + 29: nil,
		sunday + 22*60 + 30: {"MaintenanceWindow"},
	} {
		require.Equal(t, want, args.BackupsBlocked(minute), minute)
	}
	args.Kind = DatabaseAurora
	require.Empty(t, args.BackupsBlocked(0))
}
