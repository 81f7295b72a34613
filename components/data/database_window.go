package data

import "github.com/awslab/awslab/internal/grammar"

// beforeWindow is how long before a window of RDS, in minutes, AWS Backup begins no backup either (AWS Backup developer
// guide, "Troubleshooting AWS Backup").
const beforeWindow = 60

// BackupsBlocked names the fields, BackupWindow or MaintenanceWindow, whose windows keep AWS Backup from beginning a
// backup of the database at a minute of the week, which begins on Monday at 00:00 UTC. Aurora's block nothing. A window
// that is none is told by [DatabaseArgs.CheckServers].
func (args *DatabaseArgs) BackupsBlocked(minuteOfWeek int) []string {
	full := args.withDefaults()
	if full.Kind == DatabaseAurora {
		return nil
	}
	var fields []string
	if w, err := grammar.DailyWindow(full.BackupWindow); err == nil && w.Reaches(minuteOfWeek, beforeWindow) {
		fields = append(fields, "BackupWindow")
	}
	if w, err := grammar.WeeklyWindow(full.MaintenanceWindow); err == nil && w.Reaches(minuteOfWeek, beforeWindow) {
		fields = append(fields, "MaintenanceWindow")
	}
	return fields
}
