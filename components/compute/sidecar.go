package compute

import (
	"cmp"
	"errors"
	"fmt"
	"maps"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/internal/problem"
)

// CollectorImage is the AWS Distro for OpenTelemetry Collector, the default image of [Tracing].
const CollectorImage = "public.ecr.aws/aws-observability/aws-otel-collector:v0.48.0"

// Tracing puts an OpenTelemetry collector beside the container, which takes traces and metrics over OTLP on localhost.
// As the task role, it sends traces to X-Ray, and writes metrics to a log group of the service's ([MetricsLogGroup]),
// from which CloudWatch makes one metric of each name, in a namespace with the service's Name. The attributes of the
// measurements stay in the log events, as a metric for each of their combinations would be charged.
//
// The collector also hands on X-Ray's sampling rules, which the SDK in the container asks for where it can: the SDK for
// Java can, those for other languages with AWS's own packages. The container learns of all this by the standard
// variables OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE,
// OTEL_EXPORTER_OTLP_PROTOCOL, OTEL_PROPAGATORS, OTEL_SERVICE_NAME, OTEL_TRACES_SAMPLER and OTEL_TRACES_SAMPLER_ARG,
// each unless the service sets it itself. A service goes on when its collector does not.
type Tracing struct {
	// Image of the collector. Nil means [CollectorImage], which comes from the internet; a mirror in ECR does not.
	Image pulumi.StringInput
	// CPU (in 1/1024 vCPU) and Memory (in MiB) are the collector's part of the task's. 0 means 64 and 128.
	CPU, Memory int
}

const (
	collectorName   = "collector"
	tracesAddress   = "127.0.0.1:4318"
	samplingAddress = "127.0.0.1:2000"
	collectorCPU    = 64
	collectorMemory = 128
	// minCollectorMemory keeps a slip from making a collector that is killed as soon as it starts.
	minCollectorMemory = 64
)

func (t *Tracing) cpu() int    { return cmp.Or(t.CPU, collectorCPU) }
func (t *Tracing) memory() int { return cmp.Or(t.Memory, collectorMemory) }

// image is called on nil for a service without tracing.
func (t *Tracing) image() pulumi.StringInput {
	if t == nil || t.Image == nil {
		return pulumi.String(CollectorImage)
	}
	return t.Image
}

// validate is called on nil for a service without tracing. The CPU and memory given are the task's.
func (t *Tracing) validate(cpu, memory int) error {
	if t == nil {
		return nil
	}
	var problems []error
	if t.cpu() < 1 || t.cpu() >= cpu {
		problems = append(
			problems,
			problem.New(
				"Tracing.CPU", "the collector has %d of the task's %d; use at least 1, and a larger task", t.cpu(), cpu,
			),
		)
	}
	if t.memory() < minCollectorMemory || t.memory() >= memory {
		problems = append(problems, problem.New(
			"Tracing.Memory",
			"the collector has %d MiB of the task's %d; use at least %d, and a larger task",
			t.memory(),
			memory,
			minCollectorMemory,
		))
	}
	return errors.Join(problems...)
}

// MetricsLogGroup returns the name of the log group with the metrics of a service, by that of its own log group.
func MetricsLogGroup(logGroup string) string { return logGroup + "/metrics" }

func (args *ServiceArgs) collector(v values) container {
	c := args.newContainer(collectorName, v.collectorImage, v.logGroup)
	c.CPU, c.Memory = args.Tracing.cpu(), args.Tracing.memory()
	c.Environment = []variable{{"AOT_CONFIG_CONTENT", args.collectorConfig()}}
	c.HealthCheck = &healthCheck{
		Command:     []string{"CMD", "/healthcheck"},
		Interval:    10,
		Timeout:     5,
		Retries:     3,
		StartPeriod: 10,
	}
	return c
}

// collectorConfig returns the collector's configuration file. The memory limiter refuses what is sent before the kernel
// would kill the collector.
func (args *ServiceArgs) collectorConfig() string {
	return fmt.Sprintf(`extensions:
  health_check: {}
  awsproxy: {endpoint: "%s", region: %s}
receivers:
  otlp:
    protocols:
      grpc: {endpoint: "127.0.0.1:4317"}
      http: {endpoint: "%s"}
processors:
  memory_limiter: {check_interval: 1s, limit_mib: %d, spike_limit_mib: %d}
  resourcedetection: {detectors: [env, ecs], timeout: 2s}
  batch: {timeout: 1s, send_batch_size: 50}
exporters:
  awsxray: {region: %s}
  awsemf:
    region: %s
    namespace: %s
    log_group_name: %s
    log_stream_name: "{TaskId}"
    resource_to_telemetry_conversion: {enabled: true}
    dimension_rollup_option: NoDimensionRollup
    metric_declarations:
      - {dimensions: [[service.name]], metric_name_selectors: [".*"]}
service:
  extensions: [health_check, awsproxy]
  pipelines:
    traces:
      receivers: [otlp]
      processors: [memory_limiter, resourcedetection, batch]
      exporters: [awsxray]
    metrics:
      receivers: [otlp]
      processors: [memory_limiter, resourcedetection, batch]
      exporters: [awsemf]
`,
		samplingAddress, args.Region, tracesAddress, args.Tracing.memory()*3/4, args.Tracing.memory()/5,
		args.Region, args.Region, args.Name, MetricsLogGroup(args.LogGroup))
}

// tracingEnvironment returns what the container has to know to send traces and metrics, under what the service sets
// itself.
func (args *ServiceArgs) tracingEnvironment(own map[string]string) map[string]string {
	environment := map[string]string{
		"OTEL_EXPORTER_OTLP_ENDPOINT": "http://" + tracesAddress,
		// what SDKs use when nothing is said; the other is grpc, on port 4317
		"OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
		// the collector writes histograms down as they come, and CloudWatch adds them up
		"OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": "delta",
		"OTEL_PROPAGATORS":        "tracecontext,baggage,xray",
		"OTEL_SERVICE_NAME":       args.Name,
		"OTEL_TRACES_SAMPLER":     "xray",
		"OTEL_TRACES_SAMPLER_ARG": "endpoint=http://" + samplingAddress,
	}
	for name := range args.Secrets {
		delete(environment, name)
	}
	maps.Copy(environment, own)
	return environment
}
