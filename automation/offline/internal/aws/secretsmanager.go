package aws

import "time"

// secretsmanagerService is what Secrets Manager does beyond its models.
var secretsmanagerService = service{
	module: "secretsmanager", name: "Secrets Manager",
	behaviors: map[string]behavior{
		tSecret: {check: checkSecret, remove: removeSecret},
	},
	functions: map[string]func(call) (map[string]any, error){
		"aws:secretsmanager/getSecret:getSecret": getSecret,
	},
}

func checkSecret(inputs view) []failure {
	days, given := inputs.at("recoveryWindowInDays")
	if n, is := number(days); given && is && n != 0 && (n < 7 || n > 30) {
		return []failure{failf("recoveryWindowInDays", "expected recoveryWindowInDays to be 0 or in the range (7 - 30), got %s", text(days))}
	}
	return nil
}

// removeSecret keeps the name taken while the secret could still be recovered.
func removeSecret(c *change) error {
	days := c.olds.num("recoveryWindowInDays")
	if days == 0 {
		return nil
	}
	return c.tx.Bury(c.thing.Region, tSecret, c.thing.Name, time.Now().AddDate(0, 0, int(days)))
}
