package monitoring

import (
	"math"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// The Site Reliability Workbook, ch. 5, table 5-8: 2 % of the budget in one hour, 5 % in six; the short window is a
// twelfth of the long one.
func TestWindowsAreThoseOfTheWorkbook(t *testing.T) {
	want := []struct{ budget, hours float64 }{{0.02, 1}, {0.05, 6}}
	require.Len(t, windows, len(want))
	for i, w := range windows {
		require.InDelta(t, want[i].budget, w.budgetUsed(), 1e-9)
		require.InDelta(t, want[i].hours*3600, float64(w.long), 0)
		require.Equal(t, w.long, 12*w.short)
	}
}

func TestBurnRates(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		percentage := rapid.Float64Range(95.001, 99.999).Draw(t, "objective")
		w := rapid.SampledFrom(windows).Draw(t, "window")
		allowed := budget(percentage)

		// At a burn rate of 1 the budget lasts 30 days, whatever the objective is.
		require.InDelta(t, 30*24, daysAt(1)*24, 1e-9)
		// The alarm goes off at the share of failures that uses up the budget that many times too fast.
		failures := w.rate * allowed
		require.InDelta(t, w.rate, failures/allowed, 1e-9)
		require.InDelta(t, w.budgetUsed(), failures*float64(w.long)/(allowed*objectiveSeconds), 1e-9)
		// It can go off at all: not more than everything has to fail.
		require.Less(t, failures, 1.0)
		// What the expression divides by is the budget.
		written, err := strconv.ParseFloat(decimal(allowed), 64)
		require.NoError(t, err)
		require.InEpsilon(t, allowed, written, 1e-3)
	})
}

func daysAt(rate float64) float64 { return objectiveSeconds / rate / 86400 }

func TestNumbersOfMetricMathHaveNoExponentAndNoNoise(t *testing.T) {
	for x, want := range map[float64]string{
		budget(99.9):  "0.001",
		budget(99.99): "0.0001",
		budget(99):    "0.01",
		0.5:           "0.5",
		2:             "2",
		0.00001:       "0.00001",
		60:            "60",
	} {
		require.Equal(t, want, decimal(x))
	}
}

func TestObjectivesAsExpressions(t *testing.T) {
	all := Objectives{Availability: 99.9, LatencyMilliseconds: 500, LatencyPercentage: 99}.objectives()
	require.Len(t, all, 2)
	require.Equal(
		t,
		"IF(requests >= 100, (FILL(errors, 0) + FILL(unreachable, 0)) / requests / 0.001, 0)",
		all[0].burnRate(minRequests),
	)
	require.Equal(t, "(FILL(errors, 0) + FILL(unreachable, 0)) / requests / 0.001", all[0].burnRate(0))
	require.Equal(t, "IF(requests >= 100, (100 - fast) / 100 / 0.01, 0)", all[1].burnRate(minRequests))
	require.Equal(t, "PR(:0.5)", all[1].metrics[1].statistic)
	require.Equal(t, "99 % of requests take less than 500 ms", all[1].promise)
	require.Empty(t, Objectives{}.objectives())
}

func TestObjectiveProblems(t *testing.T) {
	for want, o := range map[string]Objectives{
		"Availability: 95; use more than 95 and less than 100":  {Availability: 95},
		"Availability: 100; use more than 95":                   {Availability: 100},
		"Availability: NaN":                                     {Availability: math.NaN()},
		"LatencyPercentage: 50; use more than 95":               {LatencyMilliseconds: 1, LatencyPercentage: 50},
		"LatencyMilliseconds 0, LatencyPercentage 99; set both": {LatencyPercentage: 99},
		"LatencyMilliseconds 10, LatencyPercentage 0; set both": {LatencyMilliseconds: 10},
		"LatencyMilliseconds: 60001; use 1 to 60000":            {LatencyMilliseconds: 60001, LatencyPercentage: 99},
		"LatencyMilliseconds: -1; use 1 to 60000":               {LatencyMilliseconds: -1, LatencyPercentage: 99},
	} {
		require.ErrorContains(t, o.validate("Objectives", true), want)
	}
	require.NoError(t, Objectives{}.validate("Objectives", false))
	require.NoError(t, Objectives{Availability: 99.99}.validate("Objectives", true))
	require.ErrorContains(
		t,
		Objectives{Availability: 99.9}.validate("Objectives", false),
		"leave them out for a service without target group",
	)
}
