package compute

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestScaling(t *testing.T) {
	scaled := func(args *ServiceArgs) { args.Scaling = &Scaling{Min: 2, Max: 6, CPU: 70, RequestsPerTarget: 1000} }
	g := &graph{}
	require.NoError(t, g.runOrders(scaled))
	require.Equal(t, object{
		"serviceNamespace":  "ecs",
		"scalableDimension": "ecs:service:DesiredCount",
		"resourceId":        "service/awslab-dev/awslab-dev-orders",
		"minCapacity":       2.0,
		"maxCapacity":       6.0,
		"tags":              asTags,
	}, g.inputs(t, "orders-scaling"))
	require.Equal(
		t,
		[]string{"orders-scaling-cpu", "orders-scaling-requests"},
		g.names("aws:appautoscaling/policy:Policy"),
		"0 does not scale by memory",
	)
	require.Equal(t, object{
		"targetValue": 1000.0, "scaleOutCooldown": 60.0, "scaleInCooldown": 300.0, "disableScaleIn": false,
		"predefinedMetricSpecification": object{
			"predefinedMetricType": "ALBRequestCountPerTarget",
			"resourceLabel":        "arnSuffix:lab-alb/arnSuffix:orders-targets",
		},
	}, g.inputs(t, "orders-scaling-requests")["targetTrackingScalingPolicyConfiguration"])
}

func TestTheCountIsLeftAloneExactlyWhenScalingOwnsIt(t *testing.T) {
	for name, scaling := range map[string]*Scaling{
		"fixed":     nil,
		"targets":   {Min: 2, Max: 6, CPU: 70},
		"schedules": scheduled(evening),
	} {
		t.Run(name, func(t *testing.T) {
			g := &graph{}
			require.NoError(t, g.runOrders(func(args *ServiceArgs) { args.Scaling = scaling }))
			ignored := g.find(t, "orders-service").RegisterRPC.GetIgnoreChanges()
			if scaling == nil {
				require.Empty(t, ignored)
				require.Empty(t, g.names("aws:appautoscaling/target:Target"))
			} else {
				require.Equal(t, []string{"desiredCount"}, ignored)
			}
		})
	}
}

// Otherwise an update would undo what the last schedule has set.
func TestTheLimitsAreLeftAloneExactlyWhenSchedulesOwnThem(t *testing.T) {
	for name, test := range map[string]struct {
		scaling *Scaling
		want    []string
	}{
		"targets":   {&Scaling{Min: 2, Max: 6, CPU: 70}, nil},
		"schedules": {scheduled(evening), []string{"minCapacity", "maxCapacity"}},
	} {
		t.Run(name, func(t *testing.T) {
			g := &graph{}
			require.NoError(t, g.runOrders(func(args *ServiceArgs) { args.Scaling = test.scaling }))
			target := g.find(t, "orders-scaling").RegisterRPC
			require.Equal(t, test.want, target.GetIgnoreChanges())
			require.Equal(t, test.want != nil, target.GetReplacementTrigger().GetBoolValue(),
				"without schedules it is registered anew: they leave their limits behind")
		})
	}
}

func TestCooldownsAndScalingOutOnly(t *testing.T) {
	g := &graph{}
	require.NoError(t, g.runOrders(func(args *ServiceArgs) {
		args.Scaling = &Scaling{
			Min:              2,
			Max:              6,
			CPU:              70,
			ScaleInCooldown:  900,
			ScaleOutCooldown: 30,
			DisableScaleIn:   true,
		}
	}))
	configuration := g.inputs(t, "orders-scaling-cpu")["targetTrackingScalingPolicyConfiguration"].(object)
	require.Equal(t, []any{900.0, 30.0, true},
		[]any{configuration["scaleInCooldown"], configuration["scaleOutCooldown"], configuration["disableScaleIn"]})
}

var evening = Schedule{
	Name:       "evening",
	Expression: "cron(0 20 ? * MON-FRI *)",
	Timezone:   "Europe/Berlin",
	Min:        0,
	Max:        1,
}

// scheduled has schedules and nothing else.
func scheduled(schedules ...Schedule) *Scaling {
	return &Scaling{Min: 1, Max: 4, Schedules: schedules}
}

func TestSchedules(t *testing.T) {
	g := &graph{}
	require.NoError(t, g.runOrders(func(args *ServiceArgs) {
		args.Scaling = scheduled(
			evening,
			Schedule{Name: "sale", Expression: "at(2026-11-27T06:00:00)", Min: 4, Max: 20},
		)
	}))
	require.Empty(t, g.names("aws:appautoscaling/policy:Policy"), "schedules alone are enough")
	require.Equal(t, object{
		"name":                 "awslab-dev-orders-evening",
		"serviceNamespace":     "ecs",
		"scalableDimension":    "ecs:service:DesiredCount",
		"resourceId":           "service/awslab-dev/awslab-dev-orders",
		"schedule":             "cron(0 20 ? * MON-FRI *)",
		"timezone":             "Europe/Berlin",
		"scalableTargetAction": object{"minCapacity": 0.0, "maxCapacity": 1.0},
	}, g.inputs(t, "orders-schedule-evening"))
	require.Equal(t, "UTC", g.inputs(t, "orders-schedule-sale")["timezone"])
}

func TestAServiceMayRestWhereItIsStartedAgain(t *testing.T) {
	evening := Schedule{Name: "evening", Expression: "cron(0 20 * * ? *)", Min: 0, Max: 4}
	morning := Schedule{Name: "morning", Expression: "cron(0 7 * * ? *)", Min: 1, Max: 4}
	off := Schedule{Name: "off", Expression: "at(2026-01-31T07:00:00)"}
	for name, scaling := range map[string]*Scaling{
		"by a schedule":                 {Min: 1, Max: 4, CPU: 60, Schedules: []Schedule{evening, morning}},
		"by a schedule, from the start": {Min: 0, Max: 4, CPU: 60, Schedules: []Schedule{morning}},
		"by people, without a target":   {Min: 0, Max: 4, Schedules: []Schedule{evening}},
		"by people, after an end":       {Min: 1, Max: 4, CPU: 60, Schedules: []Schedule{off}},
	} {
		require.NoError(t, scaling.validate(), name)
	}
}
