package backup

import (
	"slices"
	"strings"
)

// gap returns the longest time, in hours, between two times at which a schedule is due, as far as it is one of the
// usual.
func gap(schedule string) (hours float64, known bool) {
	if rate, is := strings.CutPrefix(schedule, "rate("); is {
		return rateGap(strings.TrimSuffix(rate, ")"))
	}
	fields := strings.Fields(strings.TrimSuffix(strings.TrimPrefix(schedule, "cron("), ")"))
	if len(fields) != 6 {
		return 0, false
	}
	everyDay := slices.Contains([]string{"*", "?"}, fields[2]) && slices.Contains([]string{"*", "?"}, fields[4]) &&
		fields[3] == "*"
	switch {
	case !everyDay && fields[2] == "?" && fields[4] != "?" && fields[4] != "*":
		return 7 * 24, true
	case !everyDay:
		return 31 * 24, true
	}
	return hourGap(fields[1])
}

func rateGap(rate string) (float64, bool) {
	number, unit, _ := strings.Cut(rate, " ")
	n, ok := positive(number)
	hours, known := map[string]float64{"minute": 1. / 60, "hour": 1, "day": 24}[strings.TrimSuffix(unit, "s")]
	return n * hours, ok && known
}

// hourGap returns that of the hours of a cron expression: *, */4, 0/4, 5, 1,13 or 0-1,4-23.
func hourGap(field string) (float64, bool) {
	due := [24]bool{}
	for _, part := range strings.Split(field, ",") {
		first, last, step, ok := hourSpan(part)
		if !ok {
			return 0, false
		}
		for hour := first; hour <= last; hour += step {
			due[hour] = true
		}
	}
	earliest := slices.Index(due[:], true)
	longest, previous := 0, earliest
	for hour := earliest + 1; hour <= earliest+len(due); hour++ {
		if due[hour%len(due)] {
			longest, previous = max(longest, hour-previous), hour
		}
	}
	return float64(longest), true
}

// hourSpan reads one element of a list of hours: the first and the last, and how many lie from one to the next.
func hourSpan(text string) (first, last, step int, ok bool) {
	const latest = 23
	span, steps, stepped := strings.Cut(text, "/")
	from, to, ranged := strings.Cut(span, "-")
	first, step = 0, 1
	ok = true
	if span != "*" {
		first, ok = hourOf(from)
	}
	last = first
	switch {
	case ranged:
		var known bool
		last, known = hourOf(to)
		ok = ok && known
	case stepped || span == "*":
		last = latest
	}
	if stepped {
		n, known := positive(steps)
		step, ok = int(n), ok && known
	}
	return first, last, step, ok && first <= last
}

func hourOf(text string) (int, bool) {
	n, ok := number(text)
	return int(n), ok && n < 24
}

func positive(text string) (float64, bool) {
	n, ok := number(text)
	return n, ok && n > 0
}

func number(text string) (float64, bool) {
	n := 0.0
	for _, digit := range text {
		if digit < '0' || digit > '9' {
			return 0, false
		}
		n = n*10 + float64(digit-'0')
	}
	return n, text != "" && len(text) < 6
}
