package aws

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"

	"github.com/awslab/awslab/automation/offline/internal/world"
)

// cloudwatchService is what CloudWatch does beyond its models.
var cloudwatchService = service{
	module: "cloudwatch", name: "CloudWatch",
	behaviors: map[string]behavior{
		tMetricAlarm:     {check: checkAlarm, remove: removeAlarm},
		tCompositeAlarm:  {create: followAlarms, update: followAlarms, remove: removeAlarm},
		tLogGroup:        {create: refuseLogKey, update: refuseLogKey},
		tTraceEncryption: {check: checkTraceEncryption},
		tEventRule:       {create: createEventRule},
		tEventTarget:     {create: createEventTarget, update: refuseTarget},
	},
	functions: map[string]func(call) (map[string]any, error){
		"aws:cloudwatch/getLogGroup:getLogGroup": getByName("name", tLogGroup, "ResourceNotFoundException"),
	},
	equalities: map[string]func(a, b string) bool{
		"logGroupArn": func(a, b string) bool { return strings.TrimSuffix(a, ":*") == strings.TrimSuffix(b, ":*") },
	},
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

// alarmState is a condition of a composite alarm's rule, such as ALARM("orders-errors").
var alarmState = regexp.MustCompile(`\b(?:ALARM|OK|INSUFFICIENT_DATA)\s*\(\s*(?:"([^"]+)"|'([^']+)'|([^"'()\s]+))\s*\)`)

// followAlarms finds the alarms that a composite alarm's rule names, and refuses those that do not exist.
func followAlarms(c *change) error {
	for _, found := range alarmState.FindAllStringSubmatch(c.inputs.str("alarmRule"), -1) {
		name := afterLast(found[1]+found[2]+found[3], ":alarm:")
		alarm, err := c.alarmNamed(name)
		if err != nil {
			return err
		}
		if alarm == nil {
			return refuse("ValidationError", "Could not save the composite alarm as alarms [%s] in the alarm rule do not exist", name)
		}
		c.links = append(c.links, world.Link{Property: "alarmRule", Target: alarm})
	}
	return nil
}

// alarmNamed returns the alarm of the name in the region, or nil.
func (c *change) alarmNamed(name string) (*world.Thing, error) {
	for _, token := range []string{tMetricAlarm, tCompositeAlarm} {
		alarms, err := c.tx.ByID(token, name)
		if err != nil {
			return nil, err
		}
		for _, alarm := range alarms {
			if alarm.Region == c.region().Name {
				return alarm, nil
			}
		}
	}
	return nil, nil
}

// removeAlarm refuses to delete an alarm that a composite alarm names.
func removeAlarm(c *change) error {
	referrers, err := c.tx.Referrers(c.thing)
	if err != nil {
		return err
	}
	for _, r := range referrers {
		if r.Property == "alarmRule" {
			return refuseRetried("ValidationError", "Cannot delete %s as there are composite alarm(s) depending on it: %s", c.thing.ID, r.Thing.ID)
		}
	}
	return nil
}

// refuseLogKey refuses to encrypt a log group with a key that does not let CloudWatch Logs use it for that group. From
// "Encrypt log data in CloudWatch Logs using AWS Key Management Service" in the CloudWatch Logs User Guide.
func refuseLogKey(c *change) error {
	key := c.target("kmsKeyId")
	if key == nil {
		return nil
	}
	group := fmt.Sprintf("arn:%s:logs:%s:%s:log-group:%s", c.region().Partition(), c.region().Name, world.Account, c.inputs.str("name"))
	policies, err := c.policiesOf(key)
	if err != nil {
		return err
	}
	services := []string{"*", "logs.amazonaws.com", "logs." + c.region().Name + "." + c.region().DNSSuffix()}
	for _, policy := range policies {
		parsed, _ := parseJSON(policy)
		document, _ := parsed.(map[string]any)
		if slices.ContainsFunc(statementsOf(document), func(statement map[string]any) bool {
			return lets(services, "kms:GenerateDataKey")(statement) && encrypts(statement, group)
		}) {
			return nil
		}
	}
	return refuse("AccessDeniedException", "The specified KMS key does not exist or is not allowed to be used with Arn '%s': the policy of %s must let "+
		"logs.%s.%s use it", group, key.ARN, c.region().Name, c.region().DNSSuffix())
}

// encrypts says whether a statement's condition on the encryption context, if there is one, lets a log group through.
func encrypts(statement map[string]any, group string) bool {
	conditions, _ := statement["Condition"].(map[string]any)
	for _, condition := range conditions {
		keys, _ := condition.(map[string]any)
		patterns := textsOf(keys["kms:EncryptionContext:aws:logs:arn"])
		if len(patterns) > 0 && !slices.ContainsFunc(patterns, func(pattern string) bool { return wildcard(pattern, group) }) {
			return false
		}
	}
	return true
}

func checkTraceEncryption(inputs view) []failure {
	if inputs.str("type") == "KMS" && !inputs.given("keyId") {
		return []failure{failf("keyId", "keyId must be given for the encryption KMS")}
	}
	return nil
}
