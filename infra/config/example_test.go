package config_test

import (
	"fmt"

	"github.com/awslab/awslab/infra/config"
)

// Values are texts, as Pulumi hands them to a program: objects and lists are JSON.
func ExampleDecode() {
	c, err := config.Decode("awslab", map[string]string{
		"profile":    "prod",
		"region":     "eu-west-1",
		"copyRegion": "eu-central-1",
		"network":    `{"cidr": "10.4.0.0/16"}`,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(c.Network.Cidr, c.Network.AvailabilityZones, c.Network.NatGateways)
	// Output: 10.4.0.0/16 3 onePerAz
}

// Every problem is in one error, by the path that the user wrote.
func ExampleError() {
	_, err := config.Decode("awslab", map[string]string{
		"region":  "eu-west-1",
		"network": `{"cidr": "10.0.1.0/16", "cidrs": []}`,
	})
	fmt.Println(err)
	// Output:
	// wrong configuration:
	//   awslab:network.cidrs: unknown key; did you mean "cidr"?
	//   awslab:network.cidr: 10.0.1.0/16 does not begin at its network address; use 10.0.0.0/16
}
