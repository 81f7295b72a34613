package monitoring

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/awslab/awslab/internal/problem"
)

// Objectives are service level objectives over 30 days. What they allow to fail is the error budget.
//
// How fast the budget is used up, the burn rate, is alarmed over a long and a short window at once (Google, The Site
// Reliability Workbook, ch. 5, "Multiwindow, Multi-Burn-Rate Alerts"): the long one makes the alarm sure, the short one
// lets it end soon after the trouble does.
type Objectives struct {
	// Availability is the percentage of requests that are answered without a server error, above 95 and below 100. 0
	// means no objective.
	Availability float64
	// LatencyMilliseconds, 1 to 60000, is what LatencyPercentage of the requests, above 95 and below 100, are answered
	// faster than. Both 0 mean no objective.
	LatencyMilliseconds int
	LatencyPercentage   float64
}

// window is a pair of windows with the burn rate that is too fast for them.
type window struct {
	name string
	// rate is how many times faster than in 30 days the budget is used up.
	rate float64
	// long and short are in seconds.
	long, short int
}

// windows are the two of the workbook that call for somebody at once; it sends a ticket for slower ones. The first uses
// 2 % of the budget in an hour, the second 5 % in six.
var windows = []window{
	{"fast", 14.4, 3600, 300},
	{"slow", 6, 6 * 3600, 1800},
}

const (
	objectiveSeconds = 30 * 24 * 3600
	// LowestObjective is what objectives have to be above, for the fast window to alarm them: when all requests fail,
	// an objective of p percent is missed 100 / (100 - p) times over, which has to be more than 14.4.
	LowestObjective = 95
	// minRequests in the long window keep a single failure among few requests from looking like an outage.
	minRequests = 100
)

// budgetUsed returns the share of the 30 days' budget that is gone when the long window ends at this rate.
func (w window) budgetUsed() float64 { return w.rate * float64(w.long) / objectiveSeconds }

func (o Objectives) validate(at string, routed bool) error {
	var problems []error
	check := func(field string, percentage float64) {
		if percentage != 0 && !(percentage > LowestObjective && percentage < 100) {
			problems = append(problems, problem.New(
				fmt.Sprintf("%s.%s", at, field),
				"%g; use more than %d and less than 100, or 0 for no objective",
				percentage,
				LowestObjective,
			))
		}
	}
	check("Availability", o.Availability)
	check("LatencyPercentage", o.LatencyPercentage)
	if (o.LatencyMilliseconds == 0) != (o.LatencyPercentage == 0) {
		problems = append(problems, problem.New(
			at,
			"LatencyMilliseconds %d, LatencyPercentage %g; set both, or none",
			o.LatencyMilliseconds,
			o.LatencyPercentage,
		))
	}
	if o.LatencyMilliseconds < 0 || o.LatencyMilliseconds > 60000 {
		problems = append(problems, problem.New(at+".LatencyMilliseconds", "%d; use 1 to 60000", o.LatencyMilliseconds))
	}
	if !routed && o != (Objectives{}) {
		problems = append(problems, problem.New(
			at,
			"only the load balancer counts and times requests; leave them out for a service without target group",
		))
	}
	return errors.Join(problems...)
}

// objective is one objective in a form that can be measured.
type objective struct {
	name, promise string
	metrics       []metric
	// missed is the share of requests that miss it, 0 to 1, by the ids of the metrics.
	missed string
	// budget is the share that may.
	budget float64
}

// requestCount is needed by every objective.
var requestCount = metric{"requests", "AWS/ApplicationELB", "RequestCount", "Sum", targetGroup}

func (o Objectives) objectives() []objective {
	var all []objective
	if o.Availability != 0 {
		// The load balancer's own answers count for no service: it does not tell whose requests they were to.
		all = append(all, objective{
			name: "availability", promise: fmt.Sprintf("%g %% of requests succeed", o.Availability),
			metrics: []metric{
				requestCount,
				{"errors", "AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", "Sum", targetGroup},
				{"unreachable", "AWS/ApplicationELB", "TargetConnectionErrorCount", "Sum", targetGroup},
			},
			missed: "(FILL(errors, 0) + FILL(unreachable, 0)) / requests",
			budget: budget(o.Availability),
		})
	}
	if o.LatencyMilliseconds != 0 {
		all = append(all, objective{
			name:    "latency",
			promise: fmt.Sprintf("%g %% of requests take less than %d ms", o.LatencyPercentage, o.LatencyMilliseconds),
			metrics: []metric{
				requestCount,
				// A percentile rank is the percentage of values in a range (CloudWatch user guide, "Statistics
				// definitions").
				{
					"fast",
					"AWS/ApplicationELB",
					"TargetResponseTime",
					fmt.Sprintf("PR(:%s)", decimal(float64(o.LatencyMilliseconds)/1000)),
					targetGroup,
				},
			},
			missed: "(100 - fast) / 100",
			budget: budget(o.LatencyPercentage),
		})
	}
	return all
}

// budget returns the share of requests that may miss an objective.
func budget(percentage float64) float64 { return (100 - percentage) / 100 }

// burnRate returns the expression for the burn rate, 1 being what uses the budget up in exactly 30 days.
func (o objective) burnRate(minimum int) string {
	rate := o.missed + " / " + decimal(o.budget)
	if minimum == 0 {
		return rate
	}
	return fmt.Sprintf("IF(requests >= %d, %s, 0)", minimum, rate)
}

// decimal writes a number without an exponent, which metric math does not read, and without the noise of binary
// fractions.
func decimal(x float64) string {
	text := strconv.FormatFloat(x, 'f', 9, 64)
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}

// burnAlarm is an objective watched over a pair of windows.
type burnAlarm struct {
	name, description string
	long, short       alarm
}

func (s Service) burnAlarms(t target) []burnAlarm {
	var all []burnAlarm
	for _, o := range s.Objectives.objectives() {
		for _, w := range windows {
			name := fmt.Sprintf("service-%s-%s-%s", s.Name, o.name, w.name)
			all = append(all, burnAlarm{
				name: name,
				description: fmt.Sprintf(
					"Service %s misses its objective that %s: at this rate %.0f %% of what may fail in 30 days is "+
						"used up in %s, and all of it in %s.",
					s.Name,
					o.promise,
					100*w.budgetUsed(),
					formatPeriod(w.long),
					formatPeriod(int(objectiveSeconds/w.rate)),
				),
				long:  o.alarm(t, name, w, w.long, minRequests),
				short: o.alarm(t, name, w, w.short, 0),
			})
		}
	}
	return all
}

func (o objective) alarm(t target, name string, w window, period, minimum int) alarm {
	return alarm{
		key: "objective." + o.name, name: name + silentSuffix(period),
		description: fmt.Sprintf(
			"Of service %s, the error budget of %q is used up more than %g times too fast over %s. Part of the "+
				"composite alarm %s.",
			t.name,
			o.promise,
			w.rate,
			formatPeriod(period),
			name,
		),
		metrics: o.metrics, dimensions: t.dimensions, expression: o.burnRate(minimum),
		comparison: above, limit: w.rate, period: period, datapoints: 1, periods: 1, missing: fine, silent: true,
	}
}

// formatPeriod writes seconds as people do.
func formatPeriod(seconds int) string {
	switch {
	case seconds >= 48*3600:
		return fmt.Sprintf("%d days", seconds/86400)
	case seconds >= 3600:
		return fmt.Sprintf("%d h", seconds/3600)
	}
	return fmt.Sprintf("%d min", seconds/60)
}

// silentSuffix ends the name of an alarm on one window, which tells nobody by itself.
func silentSuffix(period int) string { return "-" + strings.ReplaceAll(formatPeriod(period), " ", "") }

func silentSuffixes() []string {
	var suffixes []string
	for _, w := range windows {
		suffixes = append(suffixes, silentSuffix(w.long), silentSuffix(w.short))
	}
	return suffixes
}
