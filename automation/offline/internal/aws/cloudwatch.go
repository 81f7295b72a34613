package aws

import "math"

func init() {
	register(map[string]behavior{"aws:cloudwatch/metricAlarm:MetricAlarm": {check: checkAlarm}})
}

func checkAlarm(inputs view) []failure {
	var failures []failure
	if inputs.has("metricName") && inputs.given("statistic") == inputs.given("extendedStatistic") {
		failures = append(failures, failf("statistic", "exactly one of statistic and extendedStatistic must be set for a given metricName"))
	}
	if period, given := inputs.at("period"); given {
		n, is := number(period)
		if is && n != 10 && n != 20 && n != 30 && (n < 60 || math.Mod(n, 60) != 0) {
			failures = append(failures, failf("period", "%q: must be 10, 20, 30 or a multiple of 60, got %g", "period", n))
		}
	}
	for i, query := range inputs.objects("metricQueries") {
		if query.given("expression") && query.given("metric") {
			failures = append(failures, failf(join("metricQueries["+text(property(i))+"]", "expression"),
				"a metric query must not have both expression and metric"))
		}
	}
	return failures
}
