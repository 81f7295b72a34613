package grammar

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
)

// Times are minutes. RDS requires both windows to be half an hour or longer and shorter than a day, and not to meet
// (CreateDBInstance, RDS API reference).
const (
	minutesPerHour  = 60
	minutesPerDay   = 24 * minutesPerHour
	minutesPerWeek  = 7 * minutesPerDay
	shortestWindow  = 30
	dailyWindowForm = "hh:mm-hh:mm in UTC, such as 02:30-03:00"
	weekWindowForm  = "ddd:hh:mm-ddd:hh:mm in UTC, such as sun:03:00-sun:03:30"
)

var (
	dailyWindow  = regexp.MustCompile(`^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)$`)
	weeklyWindow = regexp.MustCompile(
		`^(mon|tue|wed|thu|fri|sat|sun):([01]\d|2[0-3]):([0-5]\d)-(mon|tue|wed|thu|fri|sat|sun):([01]\d|2[0-3]):` +
			`([0-5]\d)$`,
	)
	weekdays = []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}
)

// Window is a span of time that comes back: it begins so many minutes into its period and may run over its end.
type Window struct {
	start, length, period int
}

// DailyWindow reads a window of every day.
func DailyWindow(text string) (Window, error) {
	m := dailyWindow.FindStringSubmatch(text)
	if m == nil {
		return Window{}, fmt.Errorf("%q is not a window; use %s", text, dailyWindowForm)
	}
	return newWindow(text, minuteOfDay(m[1], m[2]), minuteOfDay(m[3], m[4]), minutesPerDay)
}

// WeeklyWindow reads a window of every week.
func WeeklyWindow(text string) (Window, error) {
	m := weeklyWindow.FindStringSubmatch(text)
	if m == nil {
		return Window{}, fmt.Errorf("%q is not a window; use %s", text, weekWindowForm)
	}
	start := slices.Index(weekdays, m[1])*minutesPerDay + minuteOfDay(m[2], m[3])
	end := slices.Index(weekdays, m[4])*minutesPerDay + minuteOfDay(m[5], m[6])
	return newWindow(text, start, end, minutesPerWeek)
}

func newWindow(text string, start, end, period int) (Window, error) {
	length := (end - start + period) % period
	if length < shortestWindow || length >= minutesPerDay {
		return Window{}, fmt.Errorf(
			"%q lasts %d minutes; RDS allows %d minutes to less than a day",
			text,
			length,
			shortestWindow,
		)
	}
	return Window{start, length, period}, nil
}

// minuteOfDay takes digits that an expression has matched.
func minuteOfDay(hours, minutes string) int {
	h, _ := strconv.Atoi(hours)
	m, _ := strconv.Atoi(minutes)
	return h*minutesPerHour + m
}

// Overlaps reports whether a window of every day and one of every week share a minute. Where one ends the other may
// begin.
func (daily Window) Overlaps(weekly Window) bool {
	// Seen from a begin of the daily one, the weekly one begins this much later, on one day or another.
	later := ((weekly.start-daily.start)%minutesPerDay + minutesPerDay) % minutesPerDay
	return later < daily.length || later+weekly.length > minutesPerDay
}

// Reaches reports whether a minute of the window's period is in it, or in the minutes before it.
func (w Window) Reaches(minute, before int) bool {
	return (minute-w.start+before+w.period)%w.period < w.length+before
}
