package compute

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"
)

func TestTheCollector(t *testing.T) {
	g := &graph{}
	require.NoError(t, g.runOrders(func(args *ServiceArgs) {
		args.Tracing = &Tracing{}
		args.Environment = pulumi.StringMap{"OTEL_SERVICE_NAME": pulumi.String("shop-orders")}
	}))
	containers := g.containers(t)
	require.Len(t, containers, 2)
	app, collector := containers[0], containers[1]

	require.Equal(t, []any{object{"containerName": "collector", "condition": "START"}}, app["dependsOn"])
	require.Equal(t, 192.0, app["cpu"], "what the collector leaves")
	require.Equal(t, []any{
		object{"name": "OTEL_EXPORTER_OTLP_ENDPOINT", "value": "http://127.0.0.1:4318"},
		object{"name": "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "value": "delta"},
		object{"name": "OTEL_EXPORTER_OTLP_PROTOCOL", "value": "http/protobuf"},
		object{"name": "OTEL_PROPAGATORS", "value": "tracecontext,baggage,xray"},
		object{"name": "OTEL_SERVICE_NAME", "value": "shop-orders"},
		object{"name": "OTEL_TRACES_SAMPLER", "value": "xray"},
		object{"name": "OTEL_TRACES_SAMPLER_ARG", "value": "endpoint=http://127.0.0.1:2000"},
	}, app["environment"], "the service's own variable wins")

	require.Equal(t, CollectorImage, collector["image"])
	require.Equal(t, []any{64.0, 128.0}, []any{collector["cpu"], collector["memory"]})
	require.Equal(t, false, collector["essential"], "a service runs without its traces")
	require.Equal(
		t,
		[]any{true, false, User},
		[]any{collector["readonlyRootFilesystem"], collector["privileged"], collector["user"]},
	)
	require.Equal(t, []any{"CMD", "/healthcheck"}, collector["healthCheck"].(object)["command"])
	require.Equal(t, "collector", collector["logConfiguration"].(object)["options"].(object)["awslogs-stream-prefix"])
}

func TestTheCollectorsPipelineNamesOnlyWhatIsConfigured(t *testing.T) {
	args := &ServiceArgs{
		Name: "shop-orders", Region: "eu-west-1", LogGroup: "/ecs/shop-orders", Tracing: &Tracing{Memory: 200},
	}
	var config struct {
		Extensions, Receivers, Processors, Exporters map[string]any
		Service                                      struct {
			Extensions []string
			Pipelines  map[string]map[string][]string
		}
	}
	require.NoError(t, yaml.Unmarshal([]byte(args.collectorConfig()), &config))
	for _, signal := range []string{"traces", "metrics"} {
		for section, configured := range map[string]map[string]any{
			"receivers":  config.Receivers,
			"processors": config.Processors,
			"exporters":  config.Exporters,
		} {
			names := config.Service.Pipelines[signal][section]
			require.NotEmpty(t, names)
			for _, name := range names {
				require.Contains(t, configured, name)
			}
		}
	}
	metrics := config.Exporters["awsemf"].(map[string]any)
	require.Equal(
		t,
		[]any{"eu-west-1", "shop-orders", "/ecs/shop-orders/metrics"},
		[]any{metrics["region"], metrics["namespace"], metrics["log_group_name"]},
	)
	require.Equal(
		t,
		[]any{map[string]any{"dimensions": []any{[]any{"service.name"}}, "metric_name_selectors": []any{".*"}}},
		metrics["metric_declarations"],
		"one metric for each name",
	)
	require.Len(t, config.Extensions, len(config.Service.Extensions))
	for _, name := range config.Service.Extensions {
		require.Contains(t, config.Extensions, name)
	}
	require.Equal(
		t,
		map[string]any{"endpoint": "127.0.0.1:2000", "region": "eu-west-1"},
		config.Extensions["awsproxy"],
		"whom SDKs ask for sampling rules",
	)
	require.Equal(
		t,
		"127.0.0.1:4318",
		config.Receivers["otlp"].(map[string]any)["protocols"].(map[string]any)["http"].(map[string]any)["endpoint"],
	)
	require.Equal(t, map[string]any{"region": "eu-west-1"}, config.Exporters["awsxray"])
	require.Equal(
		t,
		map[string]any{"check_interval": "1s", "limit_mib": 150, "spike_limit_mib": 40},
		config.Processors["memory_limiter"],
	)
}

func TestAMirrorOfTheCollector(t *testing.T) {
	g := &graph{}
	require.NoError(t, g.runOrders(func(args *ServiceArgs) {
		args.Tracing = &Tracing{Image: pulumi.String("registry/collector:1").ToStringOutput()}
	}))
	require.Equal(t, "registry/collector:1", g.containers(t)[1]["image"])
}
