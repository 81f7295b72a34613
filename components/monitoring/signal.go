package monitoring

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/agext/levenshtein"

	"github.com/awslab/awslab/internal/problem"
)

// signal is one line of the table of [signals]: how a kind of thing tells that it is unwell.
type signal struct {
	area, name string
	// title names it on the dashboard, description says what is wrong when it goes into ALARM and where to look.
	title, description string
	metrics            []metric
	// expression combines the metrics by their ids. Empty means the only metric itself.
	expression string

	comparison comparison
	// threshold is the default; unit is what it is given in, and source why it is that.
	threshold float64
	unit      unit
	source    string
	// of is a fact of the target that a threshold in percent is a share of.
	of string
	// factor turns the threshold into the metric's unit. 0 means 1.
	factor float64

	// period in seconds; datapoints of the last periods have to be beyond the limit.
	period, datapoints, periods int
	// missing is what CloudWatch takes missing data for.
	missing missing
	// role is its part in the composite alarm of a service.
	role role
}

// metric is what CloudWatch collects under one name.
type metric struct {
	// id by which expressions know it; empty where there is no expression.
	id string
	// namespace is AWS's; empty means that of the metrics made from the target's log.
	namespace, name, statistic string
	// dimensions is the set of the target's under which it is reported; empty means own.
	dimensions string
}

type comparison string

const (
	above   comparison = "GreaterThanThreshold"
	atLeast comparison = "GreaterThanOrEqualToThreshold"
	below   comparison = "LessThanThreshold"
	// unusual alarms outside of what the metric has been at that time of the day and of the week; the threshold is how
	// many standard deviations wide the band is.
	unusual comparison = "LessThanLowerOrGreaterThanUpperThreshold"
	// high is unusual, but above only.
	high comparison = "GreaterThanUpperThreshold"
	// shown is on the dashboard and not alarmed.
	shown comparison = ""
)

func (c comparison) learns() bool { return c == unusual || c == high }

type missing string

const (
	// fine is for what is reported only when it happens.
	fine missing = "notBreaching"
	// bad is for what is always reported by a thing that lives.
	bad missing = "breaching"
	// silence is for what is reported when it happens and should keep happening: an alarm that has heard nothing yet
	// waits in INSUFFICIENT_DATA, the state it is made in, and tells when it gets back there.
	silence missing = "missing"
)

type unit string

const (
	percent      unit = "%"
	count        unit = ""
	seconds      unit = "s"
	milliseconds unit = "ms"
	mebibytes    unit = "MiB"
	deviations   unit = "standard deviations"
)

// role is what a signal of a service says about it.
type role int

const (
	_ role = iota // it says little alone
	// down means that nobody is served.
	down
	// symptom is what users notice.
	symptom
	// cause is why users may notice something.
	cause
)

// Signal describes a signal to those who read about it.
type Signal struct {
	// Key is what thresholds are given by, for example service.errors.
	Key         string
	Description string
	// Default is the threshold, in Unit: %, s, ms, MiB, standard deviations, or empty for a number of things.
	Default float64
	Unit    string
	// Source says where the default comes from.
	Source string
	// Anomaly says that the alarm learns what is usual, and exists only where AlarmsArgs.Anomalies is set.
	Anomaly bool
}

// Signals returns all that is alarmed, in the order of their keys.
func Signals() []Signal {
	var all []Signal
	for _, s := range signals {
		if s.comparison != shown {
			all = append(
				all,
				Signal{s.key(), s.description, s.threshold, string(s.unit), s.source, s.comparison.learns()},
			)
		}
	}
	slices.SortFunc(all, func(a, b Signal) int { return cmp.Compare(a.Key, b.Key) })
	return all
}

func (s signal) key() string { return s.area + "." + s.name }

// appliesTo reports whether the target reports all that the signal needs.
func (s signal) appliesTo(t target) bool {
	if _, known := t.facts[s.of]; s.area != t.area || s.of != "" && !known {
		return false
	}
	return !slices.ContainsFunc(s.metrics, func(m metric) bool { return t.dimensions[m.set()] == nil })
}

func (m metric) set() string { return cmp.Or(m.dimensions, own) }

// limit returns what the metric is compared with, from a threshold in the signal's unit.
func (s signal) limit(t target, threshold float64) float64 {
	limit := threshold * cmp.Or(s.factor, 1)
	if s.of != "" {
		limit = limit * t.facts[s.of] / 100
	}
	return limit
}

// CheckThresholds reports every key that is no signal's, with the nearest that is, and every value that is out of
// range.
func CheckThresholds(thresholds map[string]float64) error {
	known := map[string]Signal{}
	for _, s := range Signals() {
		known[s.Key] = s
	}
	var problems []error
	for _, key := range slices.Sorted(maps.Keys(thresholds)) {
		s, found := known[key]
		value := thresholds[key]
		switch {
		case !found:
			problems = append(problems, problem.New(
				fmt.Sprintf("Thresholds[%q]", key),
				"there is no such signal; the nearest is %q",
				nearest(key, known),
			))
		case !finite(value) || value < 0:
			problems = append(problems, problem.New(fmt.Sprintf("Thresholds[%q]", key), "%g; use 0 or more", value))
		case s.Unit == string(percent) && value > 100:
			problems = append(
				problems,
				problem.New(fmt.Sprintf("Thresholds[%q]", key), "%g; use 0 to 100, in percent", value),
			)
		case s.Anomaly && value == 0:
			problems = append(
				problems,
				problem.New(fmt.Sprintf("Thresholds[%q]", key), "0; a band has a width, in standard deviations"),
			)
		}
	}
	return errors.Join(problems...)
}

// nearest returns the key that takes the fewest edits to reach; of several, the first in the alphabet.
func nearest(key string, known map[string]Signal) string {
	best, least := "", -1
	for _, candidate := range slices.Sorted(maps.Keys(known)) {
		if edits := levenshtein.Distance(key, candidate, nil); least < 0 || edits < least {
			best, least = candidate, edits
		}
	}
	return best
}
