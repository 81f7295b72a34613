package rds

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

// A maintenance window in the week overlaps the daily backup window exactly when they share a minute.
func TestWindowsOverlapWhenTheyShareAMinute(t *testing.T) {
	clock := func(minutes int) string { return fmt.Sprintf("%02d:%02d", minutes/60%24, minutes%60) }
	week := func(minutes int) string {
		minutes %= minutesOfWeek
		return weekdays[minutes/minutesOfDay] + ":" + clock(minutes%minutesOfDay)
	}
	rapid.Check(t, func(r *rapid.T) {
		start, length := rapid.IntRange(0, minutesOfDay-1).Draw(r, "start"), rapid.IntRange(30, 600).Draw(r, "length")
		begin, lasts := rapid.IntRange(0, minutesOfWeek-1).Draw(r, "begin"), rapid.IntRange(30, minutesOfDay-1).Draw(r, "lasts")
		shared := false
		for i := range lasts {
			shared = shared || between(start, (begin+i)%minutesOfDay, minutesOfDay) < length
		}
		daily, weekly := clock(start)+"-"+clock(start+length), week(begin)+"-"+week(begin+lasts)
		if windowsOverlap(daily, weekly) != shared {
			r.Fatalf("%s and %s: want %t", daily, weekly, shared)
		}
	})
}
