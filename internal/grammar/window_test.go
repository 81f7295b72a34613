package grammar

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestWindowsThatRdsRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":            `"" is not a window; use hh:mm-hh:mm in UTC, such as 02:30-03:00`,
		"3:00-4:00":   "is not a window",
		"24:00-01:00": "is not a window",
		"03:00-03:29": `"03:00-03:29" lasts 29 minutes; RDS allows 30 minutes to less than a day`,
		"03:00-03:00": "lasts 0 minutes",
	} {
		_, err := DailyWindow(text)
		require.ErrorContains(t, err, want, text)
	}
	for text, want := range map[string]string{
		"03:00-04:00":         "use ddd:hh:mm-ddd:hh:mm in UTC, such as sun:03:00-sun:03:30",
		"Sun:03:00-Sun:04:00": "is not a window",
		"sun:03:00-mon:03:00": "lasts 1440 minutes",
		"sun:03:00-sun:02:00": "lasts 10020 minutes",
	} {
		_, err := WeeklyWindow(text)
		require.ErrorContains(t, err, want, text)
	}
}

// clock writes minutes as a window has them.
func clock(minute int) string { return fmt.Sprintf("%02d:%02d", minute/60%24, minute%60) }

func weekClock(minute int) string {
	minute %= minutesPerWeek
	return weekdays[minute/minutesPerDay] + ":" + clock(minute)
}

// Two windows overlap exactly when there is a minute of the week that is in both.
func TestWindowsOverlapWhenTheyShareAMinute(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lengths := rapid.IntRange(shortestWindow, minutesPerDay-1)
		dayStart, dayLength := rapid.IntRange(
			0,
			minutesPerDay-1,
		).Draw(
			t,
			"daily start",
		), lengths.Draw(
			t,
			"daily length",
		)
		weekStart, weekLength := rapid.IntRange(
			0,
			minutesPerWeek-1,
		).Draw(
			t,
			"weekly start",
		), lengths.Draw(
			t,
			"weekly length",
		)
		daily, err := DailyWindow(clock(dayStart) + "-" + clock(dayStart+dayLength))
		require.NoError(t, err)
		weekly, err := WeeklyWindow(weekClock(weekStart) + "-" + weekClock(weekStart+weekLength))
		require.NoError(t, err)

		inDaily := map[int]bool{}
		for i := range dayLength {
			inDaily[(dayStart+i)%minutesPerDay] = true
		}
		shared := false
		for i := range weekLength {
			shared = shared || inDaily[(weekStart+i)%minutesPerDay]
		}
		require.Equal(t, shared, daily.Overlaps(weekly), "%s and %s", clock(dayStart), weekClock(weekStart))
	})
}

// What is read as a window is one, and writes back as the same text.
func FuzzDatabaseWindow(f *testing.F) {
	for _, seed := range []string{
		"03:00-04:00",
		"23:45-00:15",
		"sun:04:30-sun:05:30",
		"sun:23:30-mon:00:30",
		"sun:04:30",
		"::-",
		"mon:99:00-mon:01:00",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if w, err := DailyWindow(text); err == nil {
			require.Equal(t, text, clock(w.start)+"-"+clock(w.start+w.length))
		}
		if w, err := WeeklyWindow(text); err == nil {
			require.Equal(t, text, weekClock(w.start)+"-"+weekClock(w.start+w.length))
		}
	})
}
