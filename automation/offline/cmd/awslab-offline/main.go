// The command plugin plays every stand-in of the offline target: which one is told by the name it is started under, the
// name by which the Pulumi engine knows the plugin. It is installed under those names into the target's PULUMI_HOME.
package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"

	"github.com/awslab/awslab/automation/offline/internal/aws"
	"github.com/awslab/awslab/automation/offline/internal/awsx"
	"github.com/awslab/awslab/automation/offline/internal/docker"
	"github.com/awslab/awslab/automation/offline/internal/languagehost"
	"github.com/awslab/awslab/automation/offline/internal/serve"
	"github.com/awslab/awslab/automation/offline/internal/world"
)

// roles are the plugins by the name they are started under.
var roles = map[string]func(*serve.Host, *grpc.Server) error{
	"pulumi-resource-aws":    serve.Provider(newAWS),
	"pulumi-resource-awsx":   serve.Provider(newAWSX),
	"pulumi-resource-docker": serve.Provider(newDocker),
	"pulumi-language-go":     registerLanguageHost,
}

func newAWS(host *serve.Host) (pulumirpc.ResourceProviderServer, error) {
	w, err := world.FromEnvironment()
	if err != nil {
		return nil, err
	}
	warn := func(ctx context.Context, urn, message string) {
		// An engine that cannot be told is an engine that is going away.
		_ = host.Log(ctx, pulumirpc.LogSeverity_WARNING, urn, message)
	}
	return aws.New(w, warn, host.Address())
}

func newAWSX(host *serve.Host) (pulumirpc.ResourceProviderServer, error) {
	return awsx.New(host.Connection())
}

func newDocker(host *serve.Host) (pulumirpc.ResourceProviderServer, error) {
	w, err := world.FromEnvironment()
	if err != nil {
		return nil, err
	}
	return docker.New(w, host.Log)
}

func registerLanguageHost(host *serve.Host, server *grpc.Server) error {
	cache := filepath.Join(os.Getenv("PULUMI_HOME"), "programs")
	pulumirpc.RegisterLanguageRuntimeServer(server, &languagehost.Host{
		EngineAddress: host.Address(), Version: sdk.Version.String(), Cache: cache,
	})
	return nil
}

func main() {
	// The engine waits for most answers before it asks again: to hand each call from core to core takes longer.
	runtime.GOMAXPROCS(1)
	name := strings.TrimSuffix(filepath.Base(os.Args[0]), ".exe")
	register, known := roles[name]
	if !known {
		names := slices.Sorted(maps.Keys(roles))
		fmt.Fprintf(
			os.Stderr,
			"%s plays the stand-ins of awslab's offline target. The Pulumi engine starts it under one of the names "+
				"%s; "+
				"use `awslab up --target offline` to have that done.\n",
			name,
			strings.Join(names, ", "),
		)
		os.Exit(2)
	}
	if err := serve.Run(name, register); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
