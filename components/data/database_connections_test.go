package data

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestConnectionsThatAClassTakes(t *testing.T) {
	for class, want := range map[string]map[DatabaseEngine][2]int{
		"db.t4g.micro":   {DatabasePostgres: {75, 112}, DatabaseMySQL: {55, 85}},
		"db.t4g.medium":  {DatabasePostgres: {380, 450}},
		"db.m7g.large":   {DatabasePostgres: {780, 901}, DatabaseMySQL: {580, 683}},
		"db.r7g.2xlarge": {DatabasePostgres: {5000, 5000}},
		"db.x2g.large":   {DatabasePostgres: {3000, 3604}},
		"db.m7g.metal":   {DatabasePostgres: {0, 0}},
		"db.z1.large":    {DatabasePostgres: {0, 0}},
	} {
		for engine, limits := range want {
			got := (&DatabaseArgs{Engine: engine, InstanceClass: class}).MaxConnections()
			require.True(t, limits[0] <= got && got <= limits[1], "%s of %s: %d, want %v", class, engine, got, limits)
		}
	}
	aurora := &DatabaseArgs{Kind: DatabaseAurora, Engine: DatabaseMySQL, InstanceClass: "db.r7g.large"}
	require.InDelta(t, 1000, aurora.MaxConnections(), 150)
	aurora.InstanceClass = "db.t4g.medium"
	require.InDelta(t, 90, aurora.MaxConnections(), 20)
	aurora.Parameters = map[string]string{"max_connections": "77"}
	require.Equal(t, 77, aurora.MaxConnections())
}
