// Package secretsmanager stands in for secrets, whose names stay taken while they can be recovered.
package secretsmanager

import (
	"time"

	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/bridge"
	"github.com/awslab/awslab/automation/offline/internal/values"
)

// Service is the package as the table of services lists it.
var Service = bridge.Service{
	Module: "secretsmanager", Name: "Secrets Manager",
	Behaviors: map[string]bridge.Behavior{
		token.Secret: {Check: checkSecret, Remove: removeSecret},
	},
	Functions: map[string]func(bridge.Call) (map[string]any, error){
		"aws:secretsmanager/getSecret:getSecret": getSecret,
	},
}

func getSecret(c bridge.Call) (map[string]any, error) {
	things, err := c.Here(token.Secret)
	if err != nil {
		return nil, err
	}
	for _, thing := range things {
		if thing.Name == c.Args.Str("name") || thing.ARN == c.Args.Str("arn") {
			created := thing.Created.Format(time.RFC3339)
			state := bridge.StateOf(thing)
			return map[string]any{
				"id":              thing.ARN,
				"arn":             thing.ARN,
				"name":            thing.Name,
				"createdDate":     created,
				"lastChangedDate": created,
				"description":     state.Str("description"),
				"kmsKeyId":        state.Str("kmsKeyId"),
				"policy":          state.Str("policy"),
				"tags":            map[string]any{},
			}, nil
		}
	}
	return nil, bridge.Refuse("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
}

func checkSecret(inputs values.View) []bridge.Failure {
	days, given := inputs.At("recoveryWindowInDays")
	if n, is := values.Number(days); given && is && n != 0 && (n < 7 || n > 30) {
		return []bridge.Failure{
			bridge.Failf(
				"recoveryWindowInDays",
				"expected recoveryWindowInDays to be 0 or in the range (7 - 30), got %s",
				values.Text(days),
			),
		}
	}
	return nil
}

// removeSecret keeps the name taken while the secret could still be recovered.
func removeSecret(c *bridge.Change) error {
	days := c.Olds.Num("recoveryWindowInDays")
	if days == 0 {
		return nil
	}
	return c.Tx.Bury(c.Thing.Region, token.Secret, c.Thing.Name, time.Now().AddDate(0, 0, int(days)))
}
