// Package cloudwatch stands in for CloudWatch and EventBridge: alarms, log groups, trace encryption, and rules with
// their targets.
package cloudwatch

import (
	"math"
	"regexp"
	"strings"

	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/bridge"
	"github.com/awslab/awslab/automation/offline/internal/values"
	"github.com/awslab/awslab/automation/offline/internal/world"
)

// Service is the package as the table of services lists it.
var Service = bridge.Service{
	Module: "cloudwatch", Name: "CloudWatch",
	Behaviors: map[string]bridge.Behavior{
		token.MetricAlarm:     {Check: checkAlarm, Remove: removeAlarm},
		token.CompositeAlarm:  {Create: followAlarms, Update: followAlarms, Remove: removeAlarm},
		token.TraceEncryption: {Check: checkTraceEncryption},
		token.EventRule:       {Create: createEventRule, Update: refuseRule},
		token.EventTarget:     {Create: createEventTarget, Update: refuseTarget},
	},
	Functions: map[string]func(bridge.Call) (map[string]any, error){
		"aws:cloudwatch/getLogGroup:getLogGroup": bridge.GetByName("name", token.LogGroup, "ResourceNotFoundException"),
	},
	Equalities: map[string]func(a, b string) bool{
		"logGroupArn": func(a, b string) bool { return strings.TrimSuffix(a, ":*") == strings.TrimSuffix(b, ":*") },
	},
}

func checkAlarm(inputs values.View) []bridge.Failure {
	var failures []bridge.Failure
	if inputs.Has("metricName") && inputs.Given("statistic") == inputs.Given("extendedStatistic") {
		failures = append(failures, bridge.Failf(
			"statistic",
			"exactly one of statistic and extendedStatistic must be set for a given metricName",
		))
	}
	if period, given := inputs.At("period"); given {
		n, is := values.Number(period)
		if is && n != 10 && n != 20 && n != 30 && (n < 60 || math.Mod(n, 60) != 0) {
			failures = append(
				failures,
				bridge.Failf("period", "%q: must be 10, 20, 30 or a multiple of 60, got %g", "period", n),
			)
		}
	}
	for i, query := range inputs.Objects("metricQueries") {
		if query.Given("expression") && query.Given("metric") {
			failures = append(
				failures,
				bridge.Failf(values.Join("metricQueries["+values.Text(values.Of(i))+"]", "expression"),
					"a metric query must not have both expression and metric"),
			)
		}
	}
	return failures
}

// alarmState is a condition of a composite alarm's rule, such as ALARM("orders-errors").
var alarmState = regexp.MustCompile(`\b(?:ALARM|OK|INSUFFICIENT_DATA)\s*\(\s*(?:"([^"]+)"|'([^']+)'|([^"'()\s]+))\s*\)`)

// followAlarms finds the alarms that a composite alarm's rule names, and refuses those that do not exist.
func followAlarms(c *bridge.Change) error {
	for _, found := range alarmState.FindAllStringSubmatch(c.Inputs.Str("alarmRule"), -1) {
		name := values.AfterLast(found[1]+found[2]+found[3], ":alarm:")
		alarm, err := alarmNamed(c, name)
		if err != nil {
			return err
		}
		if alarm == nil {
			return bridge.Refuse(
				"ValidationError",
				"Could not save the composite alarm as alarms [%s] in the alarm rule do not exist",
				name,
			)
		}
		c.Links = append(c.Links, world.Link{Property: "alarmRule", Target: alarm})
	}
	return nil
}

// alarmNamed returns the alarm of the name in the region, or nil.
func alarmNamed(c *bridge.Change, name string) (*world.Thing, error) {
	for _, token := range []string{token.MetricAlarm, token.CompositeAlarm} {
		alarms, err := c.Tx.ByID(token, name)
		if err != nil {
			return nil, err
		}
		for _, alarm := range alarms {
			if alarm.Region == c.Region().Name {
				return alarm, nil
			}
		}
	}
	return nil, nil
}

// removeAlarm refuses to delete an alarm that a composite alarm names.
func removeAlarm(c *bridge.Change) error {
	referrers, err := c.Tx.Referrers(c.Thing)
	if err != nil {
		return err
	}
	for _, r := range referrers {
		if r.Property == "alarmRule" {
			return bridge.RefuseRetried(
				"ValidationError",
				"Cannot delete %s as there are composite alarm(s) depending on it: %s",
				c.Thing.ID,
				r.Thing.ID,
			)
		}
	}
	return nil
}

func checkTraceEncryption(inputs values.View) []bridge.Failure {
	if inputs.Str("type") == "KMS" && !inputs.Given("keyId") {
		return []bridge.Failure{bridge.Failf("keyId", "keyId must be given for the encryption KMS")}
	}
	return nil
}
