package aws

import (
	"time"

	"github.com/google/uuid"
)

func init() {
	register(map[string]behavior{
		tKey:   {create: createKey, update: updateKey, remove: removeKey},
		tAlias: {create: createAlias, update: createAlias},
	})
}

// deletionWindow is for how many days a key or a secret waits for its deletion unless the program says otherwise.
const deletionWindow = 30

func createKey(c *change) error {
	c.id = uuid.NewString()
	if c.inputs.bool("multiRegion") {
		c.id = "mrk-" + randomHex(32)
	}
	return updateKey(c)
}

func updateKey(c *change) error {
	if !c.inputs.bool("enableKeyRotation") {
		return nil
	}
	if c.inputs.str("customerMasterKeySpec") != "SYMMETRIC_DEFAULT" {
		return refuse("UnsupportedOperationException", "Automatic key rotation is only supported on symmetric encryption keys.")
	}
	if view(c.state).num("rotationPeriodInDays") == 0 {
		c.set("rotationPeriodInDays", 365.0)
	}
	return nil
}

// removeKey remembers that the key's deletion is only scheduled. Its aliases can be given to other keys at once.
func removeKey(c *change) error {
	days := c.olds.num("deletionWindowInDays")
	if days == 0 {
		days = deletionWindow
	}
	return c.tx.Bury(c.thing.Region, tKey, c.thing.ID, time.Now().AddDate(0, 0, int(days)))
}

// createAlias keeps the id of the key, whichever way the program named it.
func createAlias(c *change) error {
	key := c.target("targetKeyId")
	if key == nil {
		return nil
	}
	if key.Type == tAlias {
		return refuse("ValidationException", "Aliases must refer to keys. Not aliases")
	}
	c.set("targetKeyId", key.ID)
	c.set("targetKeyArn", key.ARN)
	return nil
}
