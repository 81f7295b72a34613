package data_test

import (
	"fmt"

	"github.com/awslab/awslab/components/data"
)

// Problems reports every wrong argument as data, before anything is registered.
func ExampleTableArgs_Problems() {
	args := &data.TableArgs{Name: "t", HashKey: data.Attribute{Name: "id", Type: "text"}}
	for _, p := range args.Problems() {
		if p.Field == "HashKey.Type" {
			fmt.Println(p.Message)
		}
	}
	// Output: "text"; use S (text), N (number) or B (bytes)
}
