package backup

import (
	"slices"
	"strings"
)

// gap is the longest time, in hours, between two times at which a schedule is due, as far as it is one of the usual.
func gap(schedule string) (hours float64, known bool) {
	if rate, is := strings.CutPrefix(schedule, "rate("); is {
		return rateGap(strings.TrimSuffix(rate, ")"))
	}
	fields := strings.Fields(strings.TrimSuffix(strings.TrimPrefix(schedule, "cron("), ")"))
	if len(fields) != 6 {
		return 0, false
	}
	everyDay := slices.Contains([]string{"*", "?"}, fields[2]) && slices.Contains([]string{"*", "?"}, fields[4]) && fields[3] == "*"
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

// hourGap is that of the hours of a cron expression: *, */4, 0/4, 5 or 1,13.
func hourGap(field string) (float64, bool) {
	if field == "*" {
		return 1, true
	}
	if _, step, stepped := strings.Cut(field, "/"); stepped {
		return positive(step)
	}
	var hours []float64
	for _, text := range strings.Split(field, ",") {
		hour, ok := number(text)
		if !ok || hour > 23 {
			return 0, false
		}
		hours = append(hours, hour)
	}
	slices.Sort(hours)
	longest := 24 - hours[len(hours)-1] + hours[0]
	for i := 1; i < len(hours); i++ {
		longest = max(longest, hours[i]-hours[i-1])
	}
	return longest, true
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
