package monitoring

import (
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/agext/levenshtein"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var (
	signalKey = regexp.MustCompile(`^[a-z][A-Za-z]*\.[a-z][A-Za-z]*$`)
	queryId   = regexp.MustCompile(`^[a-z][A-Za-z0-9_]*$`)
	// statistic is what CloudWatch takes for one, of those that the table uses.
	statistic = regexp.MustCompile(`^(SampleCount|Average|Sum|Minimum|Maximum|p\d{1,2})$`)
)

func TestEverySignalIsComplete(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range signals {
		t.Run(s.key(), func(t *testing.T) {
			assert.Regexp(t, signalKey, s.key())
			assert.False(t, seen[s.key()], "there are two of the name")
			seen[s.key()] = true
			assert.NotEmpty(t, s.title)
			assert.Contains(t, titles, s.area, "the area has no heading on the dashboard")
			assert.NotEmpty(t, s.metrics)
			assert.True(t, s.period >= 60 && s.period%60 == 0, "a period is a multiple of 60 s")
			if s.comparison == shown {
				return
			}
			assert.Contains(t, []comparison{above, atLeast, below, unusual, high}, s.comparison)
			assert.Contains(t, []missing{fine, bad, silence}, s.missing)
			assert.True(t, strings.HasSuffix(s.description, "."), "a description is a sentence")
			assert.NotEmpty(t, s.source)
			assert.True(t, finite(s.threshold) && s.threshold >= 0)
			assert.True(t, 1 <= s.datapoints && s.datapoints <= s.periods)
		})
	}
}

// The limits are CloudWatch's (API, PutMetricAlarm).
func TestEverySignalIsAnAlarmThatCloudWatchTakes(t *testing.T) {
	for _, s := range signals {
		t.Run(s.key(), func(t *testing.T) {
			longest := 86_400
			if s.period >= 3600 {
				longest = 604_800
			}
			assert.LessOrEqual(t, s.period*s.periods, longest)
			assert.LessOrEqual(t, len(s.metrics), 10)
			if s.expression == "" && s.comparison != shown {
				assert.Len(t, s.metrics, 1, "several metrics need an expression")
			}
			for _, m := range s.metrics {
				assert.Regexp(t, statistic, m.statistic)
				if s.expression != "" || s.comparison.learns() {
					assert.Regexp(t, queryId, m.id)
				}
				if s.expression != "" && !strings.Contains(s.expression, "METRICS()") {
					assert.Regexp(t, `\b`+m.id+`\b`, s.expression, "the metric is fetched for nothing")
				}
			}
			if s.comparison.learns() {
				assert.Equal(t, "m1", s.metrics[0].id)
				assert.Equal(t, deviations, s.unit)
			}
		})
	}
}

func TestEverySignalAppliesToSomething(t *testing.T) {
	all := everything()
	for _, s := range signals {
		assert.True(t, slices.ContainsFunc(all.targets(), s.appliesTo), "%s applies to nothing", s.key())
	}
}

func TestSignalsApplyWhereTheirMetricsAre(t *testing.T) {
	for name, test := range map[string]struct {
		watched Watched
		key     string
		want    bool
	}{
		"a worker has no requests":  {Watched{Services: []Service{{Name: "a"}}}, "service.errors", false},
		"any service has CPU":       {Watched{Services: []Service{{Name: "a"}}}, "service.cpu", true},
		"no task is fine":           {Watched{Services: []Service{{Name: "a"}}}, "service.tasks", false},
		"a log that is not watched": {Watched{Services: []Service{{Name: "a"}}}, "service.logErrors", false},
		"Aurora's storage": {
			Watched{Databases: []Database{{Name: "a", Cluster: true}}},
			"database.storage",
			false,
		},
		"Aurora's reader lag": {
			Watched{Databases: []Database{{Name: "a", Cluster: true, Aurora: true}}},
			"database.readerLag",
			true,
		},
		"a Multi-AZ cluster's reader lag": {
			Watched{Databases: []Database{{Name: "a", Cluster: true}}},
			"database.readerLag",
			false,
		},
		"a Multi-AZ cluster's storage": {
			Watched{
				Databases: []Database{
					{Name: "a", Cluster: true, AllocatedStorageGiB: 100, Servers: []string{"1", "2", "3"}},
				},
			},
			"database.serverStorage",
			true,
		},
		"as an instance's": {
			Watched{
				Databases: []Database{
					{Name: "a", Cluster: true, AllocatedStorageGiB: 100, Servers: []string{"1", "2", "3"}},
				},
			},
			"database.storage",
			false,
		},
		"a service that scales": {
			Watched{Services: []Service{{Name: "a", DesiredMin: 1, MaxTasks: 4}}},
			"service.size",
			true,
		},
		"a service of one size": {
			Watched{Services: []Service{{Name: "a", DesiredMin: 4, MaxTasks: 4}}},
			"service.size",
			false,
		},
		"tasks without Container Insights": {Watched{Services: []Service{{Name: "a"}}}, "service.scaling", false},
		"an instance has no reader lag":    {Watched{Databases: []Database{{Name: "a"}}}, "database.readerLag", false},
		"transaction ids of MySQL": {
			Watched{Databases: []Database{{Name: "a", Engine: "mysql"}}},
			"database.transactionIds",
			false,
		},
		"no proxy": {
			Watched{Databases: []Database{{Name: "a"}}},
			"database.proxyFailures",
			false,
		},
		"a bucket without request metrics": {Watched{Buckets: []Bucket{{Name: "a"}}}, "bucket.errors", false},
		"a group without provider": {
			Watched{AutoScalingGroups: []AutoScalingGroup{{Name: "a"}}},
			"autoScalingGroup.reservation",
			false,
		},
		"a function without timeout": {Watched{Functions: []Function{{Name: "a"}}}, "function.duration", false},
	} {
		t.Run(name, func(t *testing.T) {
			i := slices.IndexFunc(signals, func(s signal) bool { return s.key() == test.key })
			require.GreaterOrEqual(t, i, 0)
			require.Equal(t, test.want, signals[i].appliesTo(test.watched.targets()[0]))
		})
	}
}

func TestLimitsAreInTheUnitOfTheMetric(t *testing.T) {
	for key, want := range map[string]float64{
		"service.tasks":           3,                                    // all of three
		"service.errors":          5,                                    // percent, as the expression
		"database.storage":        8 * 100 * 1024 * 1024 * 1024 / 100.0, // 8 % of 100 GiB, in bytes
		"database.connections":    640,                                  // 80 % of 800
		"database.memory":         67_108_864,                           // 64 MiB
		"database.readLatency":    0.02,                                 // 20 ms, in seconds
		"function.duration":       54_000,                               // 90 % of a minute, in milliseconds
		"bucket.errors":           0.05,                                 // a share
		"database.transactionIds": 1e9,
	} {
		all := everything()
		i := slices.IndexFunc(signals, func(s signal) bool { return s.key() == key })
		at := slices.IndexFunc(all.targets(), signals[i].appliesTo)
		assert.InDelta(t, want, signals[i].limit(all.targets()[at], signals[i].threshold), 1e-6, key)
	}
}

func TestThresholdsAreChecked(t *testing.T) {
	require.NoError(
		t,
		CheckThresholds(map[string]float64{"service.errors": 1, "table.unusualReads": 2, "database.storage": 5}),
	)
	for want, thresholds := range map[string]map[string]float64{
		`Thresholds["service.error"]: there is no such signal; the nearest is "service.errors"`: {"service.error": 1},
		`Thresholds["databse.cpu"]: there is no such signal; the nearest is "database.cpu"`:     {"databse.cpu": 1},
		`Thresholds["bucket.size"]: there is no such signal`:                                    {"bucket.size": 1},
		`Thresholds["service.cpu"]: 120; use 0 to 100, in percent`:                              {"service.cpu": 120},
		`Thresholds["service.latency"]: -1; use 0 or more`: {
			"service.latency": -1,
		},
		`Thresholds["service.cpu"]: NaN; use 0 or more`: {
			"service.cpu": math.NaN(),
		},
		`Thresholds["table.unusualReads"]: 0; a band has a width`: {
			"table.unusualReads": 0,
		},
	} {
		require.ErrorContains(t, CheckThresholds(thresholds), want)
	}
}

func TestAKeyThatIsThereIsItsOwnNearest(t *testing.T) {
	known := map[string]Signal{}
	for _, s := range Signals() {
		known[s.Key] = s
	}
	for key := range known {
		require.Equal(t, key, nearest(key, known))
	}
}

func TestDistanceIsAMetric(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringMatching(`[a-c]{0,6}`)
		a, b, c := word.Draw(t, "a"), word.Draw(t, "b"), word.Draw(t, "c")
		require.Equal(t, levenshtein.Distance(a, b, nil), levenshtein.Distance(b, a, nil))
		require.Equal(t, a == b, levenshtein.Distance(a, b, nil) == 0)
		require.LessOrEqual(
			t,
			levenshtein.Distance(a, c, nil),
			levenshtein.Distance(a, b, nil)+levenshtein.Distance(b, c, nil),
		)
		require.LessOrEqual(t, levenshtein.Distance(a, b, nil), max(len(a), len(b)))
	})
}
