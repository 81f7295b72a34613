package grammar

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// schedule is an expression of Application Auto Scaling (API reference, PutScheduledAction).
var schedule = of("a schedule",
	`^(cron\(\S+( \S+){5}\)|rate\([1-9][0-9]* (minutes?|hours?|days?)\)|at\(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\))$`)

// cronField is what one field of a cron expression takes: numbers of a range, or their names, and some letters.
type cronField struct {
	least, most int
	names       []string // of the numbers from least on
	special     *regexp.Regexp
}

// cronFields are minutes, hours, day of the month, month, day of the week and year ("Schedule recurring scaling actions
// using cron expressions", Application Auto Scaling user guide).
var cronFields = []cronField{
	{0, 59, nil, regexp.MustCompile(`^$`)},
	{0, 23, nil, regexp.MustCompile(`^$`)},
	{1, 31, nil, regexp.MustCompile(`^(\?|L|LW|[0-9]{1,2}W)$`)},
	{1, 12, strings.Fields("JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC"), regexp.MustCompile(`^$`)},
	{1, 7, strings.Fields("SUN MON TUE WED THU FRI SAT"), regexp.MustCompile(`^(\?|L|[1-7]L|([1-7]|[A-Z]{3})#[1-5])$`)},
	{1970, 2199, nil, regexp.MustCompile(`^$`)},
}

const dayOfMonth, dayOfWeek = 2, 4

// IsSchedule reports whether Application Auto Scaling takes an expression: cron, of which one of the two days is a
// question mark, rate or at.
func IsSchedule(text string) bool {
	if !schedule.Match(text) {
		return false
	}
	kind, inner, _ := strings.Cut(strings.TrimSuffix(text, ")"), "(")
	switch kind {
	case "cron":
		fields := strings.Fields(inner)
		for i, field := range cronFields {
			if !field.takes(fields[i]) {
				return false
			}
		}
		return (fields[dayOfMonth] == "?") != (fields[dayOfWeek] == "?")
	case "at":
		_, err := time.Parse("2006-01-02T15:04:05", inner)
		return err == nil
	}
	return true
}

// takes reports whether a field is a list of values, ranges and steps.
func (f cronField) takes(text string) bool {
	for _, part := range strings.Split(text, ",") {
		if f.special.MatchString(part) {
			continue
		}
		span, step, stepped := strings.Cut(part, "/")
		if n, err := strconv.Atoi(step); stepped && (err != nil || n < 1) {
			return false
		}
		first, last, ranged := strings.Cut(span, "-")
		if span != "*" && (!f.isValue(first) || ranged && !f.isValue(last)) {
			return false
		}
	}
	return true
}

func (f cronField) isValue(text string) bool {
	if slices.Contains(f.names, strings.ToUpper(text)) {
		return true
	}
	n, err := strconv.Atoi(text)
	return err == nil && n >= f.least && n <= f.most
}
