package aws

func init() {
	register(map[string]behavior{
		tEventRule:   {create: createEventRule},
		tEventTarget: {create: createEventTarget},
	})
}

const defaultBus = "default"

// busOf returns the event bus, which is empty for the default one.
func busOf(inputs view) string {
	if bus := inputs.str("eventBusName"); bus != defaultBus {
		return afterLast(bus, "/")
	}
	return ""
}

func createEventRule(c *change) error {
	c.id = c.inputs.str("name")
	if bus := busOf(c.inputs); bus != "" {
		c.id = bus + "/" + c.id
	}
	c.variables["path"] = c.id
	c.out("isEnabled", c.inputs.str("state") != "DISABLED")
	return nil
}

func createEventTarget(c *change) error {
	c.id = c.inputs.str("rule") + "-" + c.inputs.str("targetId")
	if bus := busOf(c.inputs); bus != "" {
		c.id = bus + "-" + c.id
	}
	return nil
}
