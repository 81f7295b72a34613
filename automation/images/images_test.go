package images

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation/internal/fakedocker"
	"github.com/awslab/awslab/infra/config"
)

func TestAnImageIsBuiltAsTheDeploymentBuildsIt(t *testing.T) {
	fake := good()
	fake.Build = "#1 [internal] load build definition\n#1 sha256:2cbd\n\n#1 DONE 0.0s"
	called := fake.Install(t, fakeFolder)
	o := options(t, func(s *config.Service) {
		s.Image.Target, s.Image.Args, s.Architecture = "final", map[string]string{"GOPROXY": "off"}, "arm64"
	})
	var progress []string
	o.OnProgress = func(service, line string) { progress = append(progress, service+" "+line) }

	results, err := Build(t.Context(), o)
	require.NoError(t, err)
	tag, err := o.Services[0].Image.ImageArgs(o.Root, "arm64").ContentTag()
	require.NoError(t, err)
	build := called.Of(t, "build")
	require.Equal(t, []string{
		"build",
		"--progress", "plain",
		"--platform", "linux/arm64",
		"--file", filepath.Join(o.Root, "services", "web", "Dockerfile"),
		"--tag", "awslab-dev-web:" + tag,
		"--target", "final",
		"--build-arg", "GOPROXY=off",
		"--build-arg", "TARGETARCH=arm64",
		filepath.Join(o.Root, "services"),
	}, build.Args)
	require.Contains(t, build.Variables, "DOCKER_BUILDKIT=1")
	require.Equal(t, []string{"web #1 [internal] load build definition", "web #1 DONE 0.0s"}, progress)

	require.Len(t, results, 1)
	require.Positive(t, results[0].BuildTime)
	results[0].BuildTime = 0
	require.Equal(t, Result{
		Service:  "web",
		Image:    "awslab-dev-web:" + tag,
		Platform: "linux/amd64", // as the fake has it
		ID:       "sha256:1",
		Size:     12_000_000,
		Layers:   2,
		Outcome:  Built,
	}, results[0])
}

func TestAPlatformCanBeChosen(t *testing.T) {
	called := good().Install(t, fakeFolder)
	o := options(t)
	o.Platform = "linux/arm64"
	_, err := Build(t.Context(), o)
	require.NoError(t, err)
	require.Subset(t, called.Of(t, "build").Args, []string{"linux/arm64", "TARGETARCH=arm64"})
}

func TestAnExistingImageIsNotBuilt(t *testing.T) {
	called := good().Install(t, fakeFolder)
	results, err := Build(t.Context(), options(t, existing))
	require.NoError(t, err)
	require.Equal(t, Skipped, results[0].Outcome)
	require.Equal(t, "not built: image.uri names an existing image", results[0].Reason)
	require.NotContains(t, called.Commands(t), "build")
}

func existing(s *config.Service) { s.Image = config.Image{URI: "quay.io/lab/web:1"} }

func TestWhyABuildFails(t *testing.T) {
	for name, test := range map[string]struct{ printed, want string }{
		"an instruction": {
			"#5 0.231 main.go:3: undefined: x\n------\n > [build 2/2] RUN go build       -o /out/web .:\n------\n",
			"building services/web/Dockerfile failed at line 3, RUN go build       -o /out/web .; " +
				"correct the Dockerfile or what it copies",
		},
		"an instruction with a variable": {
			"------\n > [build 1/2] COPY 3 /x:\n------\n",
			"building services/web/Dockerfile failed at COPY 3 /x; correct the Dockerfile or what it copies",
		},
		"the Dockerfile": {
			"dockerfile parse error line 2: unknown instruction: RUNN",
			"building services/web/Dockerfile failed at line 2: unknown instruction: RUNN; correct the Dockerfile or " +
				"what it copies",
		},
		"no network": {
			"------\n > [internal] load metadata for docker.io/library/golang:1.26:\n------\n" +
				"dial tcp: lookup registry-1.docker.io: no such host",
			"building services/web/Dockerfile failed at line 1, load metadata for docker.io/library/golang:1.26; a " +
				"server could not be reached: check the network, or name mirrors in images.args, such as " +
				"BUILD_IMAGE for the base image and GOPROXY for Go modules",
		},
	} {
		t.Run(name, func(t *testing.T) {
			fake := good()
			fake.Build, fake.BuildCode = test.printed, 1
			fake.Install(t, fakeFolder)
			results, err := Build(t.Context(), options(t))
			var failed *FailedError
			require.ErrorAs(t, err, &failed)
			require.Equal(t, results, failed.Results)
			require.Equal(t, Failed, results[0].Outcome)
			require.Equal(t, BuildFailed, results[0].Failure.Kind)
			require.Equal(t, test.want, results[0].Failure.Message)
			require.Equal(t, trimmed(test.printed), trimmed(strings.Join(results[0].Failure.Log, "\n")))
		})
	}
}

func TestAnEncryptedBuildArgumentIsRefused(t *testing.T) {
	called := good().Install(t, fakeFolder)
	_, err := Build(t.Context(), options(t, func(s *config.Service) {
		s.Image.Args = map[string]string{"TOKEN": config.Encrypted}
	}))
	require.ErrorContains(t, err, "the build argument TOKEN in image.args is encrypted; write it in clear text")
	require.NotContains(t, called.Commands(t), "build")
}

func TestWithoutADockerEngineNothingIsDone(t *testing.T) {
	var noEngine *EngineError
	t.Run("no client", func(t *testing.T) {
		t.Setenv("PATH", t.TempDir())
		_, err := Build(t.Context(), options(t))
		require.ErrorAs(t, err, &noEngine)
		require.EqualError(t, err, "there is no docker command on PATH; install Docker Engine or Docker Desktop")
	})
	t.Run("not running", func(t *testing.T) {
		fakedocker.Engine{Down: true}.Install(t, fakeFolder)
		_, err := Test(t.Context(), options(t))
		require.ErrorAs(t, err, &noEngine)
		require.ErrorContains(t, err, "Cannot connect to the Docker daemon")
		require.ErrorContains(t, err, "start it, with sudo systemctl start docker")
	})
	t.Run("without BuildKit", func(t *testing.T) {
		fake := good()
		fake.Build, fake.BuildCode = "ERROR: BuildKit is enabled but the buildx component is missing or broken.", 1
		fake.Install(t, fakeFolder)
		_, err := Build(t.Context(), options(t))
		require.ErrorAs(t, err, &noEngine)
		require.ErrorContains(t, err, "install its buildx component")
	})
}

func TestAContainerRunsAsItsTaskDefinitionSays(t *testing.T) {
	called := good().Install(t, fakeFolder)
	o := options(t, func(s *config.Service) {
		s.ScratchPaths = []string{"/tmp"}
		s.Environment = map[string]string{
			"MODE": "fast#1", "TOKEN": config.Encrypted, "PEM": "line 1\nline 2",
		}
		s.Secrets = map[string]config.Secret{"PASSWORD": {Name: "shop/mail"}}
		s.Access = config.Access{
			FileSystem: &config.Mount{Path: "/files", Mode: "read"},
			Tables:     []config.Grant{{Name: "items", Mode: "read"}},
		}
	})
	results, err := Test(t.Context(), o)
	require.NoError(t, err)
	require.Equal(t, Passed, results[0].Outcome)
	require.Equal(t, []string{"PASSWORD", "TABLE_ITEMS", "TOKEN"}, results[0].Unset)

	create := called.Of(t, "create")
	require.Equal(t, []string{
		"--env", "PEM",
		"--pull", "never",
		"--init",
		"--user", "65532:65532",
		"--read-only",
		"--cap-drop", "ALL",
		"--security-opt", "no-new-privileges",
		"--cpu-period", "100000", "--cpu-quota", "25000",
		"--memory", "512m", "--memory-swap", "512m",
		"--stop-timeout", "30",
		"--no-healthcheck",
		"--log-driver", "json-file", "--log-opt", "max-size=10m",
		"--publish", "127.0.0.1::8080",
		"--mount", "type=volume,destination=/tmp",
		"--tmpfs", "/files:ro,exec,mode=0750,uid=65532,gid=65532",
		results[0].Image,
	}, create.Args[5:])
	require.Equal(t, "AWS_REGION=eu-west-1\nMODE=fast#1\n", create.EnvFile)
	require.Equal(t, os.FileMode(0o600), create.Mode)
	require.Contains(t, create.Variables, "PEM=line 1\nline 2")
	for _, one := range called.All(t) {
		require.NotContains(t, strings.Join(one.Args, " "), "fast", "no value is on a command line")
	}
	require.Equal(t, []string{"exec", create.Args[2], "/web", "healthcheck"}, called.Of(t, "exec").Args)
	require.Equal(t, []string{"stop", create.Args[2]}, called.Of(t, "stop").Args)
	requireNothingLeft(t, called)
}

func TestAContainerHasTheValuesOfItsTestEnvironment(t *testing.T) {
	called := good().Install(t, fakeFolder)
	results, err := Test(t.Context(), options(t, func(s *config.Service) {
		s.Environment = map[string]string{"TOKEN": config.Encrypted, "SALT": config.Encrypted, "TABLE_B": "mine"}
		s.Secrets = map[string]config.Secret{"PASSWORD": {Name: "shop/mail"}, "KEY": {Name: "shop/key"}}
		s.Access.Tables = []config.Grant{{Name: "a"}, {Name: "b"}, {Name: "c"}}
		s.TestEnvironment = map[string]string{"TOKEN": "none", "KEY": "line 1\nline 2", "TABLE_A": "a-table"}
	}))
	require.NoError(t, err)
	require.Equal(t, []string{"PASSWORD", "SALT", "TABLE_C"}, results[0].Unset)
	create := called.Of(t, "create")
	require.Equal(t, "AWS_REGION=eu-west-1\nTABLE_A=a-table\nTABLE_B=mine\nTOKEN=none\n", create.EnvFile)
	require.Contains(t, create.Variables, "KEY=line 1\nline 2")
}

func TestAShellRunsAHealthCheckThatAsksForOne(t *testing.T) {
	called := good().Install(t, fakeFolder)
	_, err := Test(t.Context(), options(t, func(s *config.Service) {
		s.HealthCheck.Command = []string{"CMD-SHELL", "curl -f localhost || exit 1"}
	}))
	require.NoError(t, err)
	require.Equal(t, []string{"/bin/sh", "-c", "curl -f localhost || exit 1"}, called.Of(t, "exec").Args[2:])
}

// web answers as a service would, and records the requests.
func web(t *testing.T, requests *[]string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*requests = append(*requests, r.Method+" "+r.URL.String())
		switch r.URL.Path {
		case "/moved":
			http.Redirect(w, r, "/", http.StatusFound)
		case "/missing":
			w.WriteHeader(http.StatusNotFound)
		case "/broken":
			w.WriteHeader(http.StatusInternalServerError)
		}
	}))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

func TestTheLoadBalancersCheckAndTheSmokeRequestsAreSent(t *testing.T) {
	var requests []string
	fake := good()
	fake.Address = web(t, &requests)
	called := fake.Install(t, fakeFolder)
	results, err := Test(t.Context(), options(t, func(s *config.Service) {
		s.Internal, s.Path, s.HealthCheck.Path = false, "/", "/healthz"
		s.Smoke = []config.SmokeRequest{
			{Method: "GET", Path: "/items?limit=1", Status: 200},
			{Method: "POST", Path: "/missing", Status: 404},
			{Method: "GET", Path: "/moved", Status: 302},
		}
	}))
	require.NoError(t, err)
	require.Equal(t, Passed, results[0].Outcome)
	require.Positive(t, results[0].StartTime)
	require.Positive(t, results[0].StopTime)
	require.Equal(t, []string{"GET /healthz", "GET /items?limit=1", "POST /missing", "GET /moved"}, requests)
	requireNothingLeft(t, called)
}

func TestWhyAContainerFails(t *testing.T) {
	for name, test := range map[string]struct {
		fake   func(*fakedocker.Engine)
		change func(*config.Service)
		kind   FailureKind
		want   string
	}{
		"it exits at once": {
			fake: func(f *fakedocker.Engine) {
				f.ExitsAtOnce, f.ExitCode, f.HealthCode, f.Log = true, 3, 1, "no TABLE_ITEMS"
			},
			change: func(s *config.Service) {
				s.Access.Tables = []config.Grant{{Name: "items"}}
			},
			kind: Exited,
			want: `the container exited with code 3 after [0-9.]+ s, before it was stopped; correct what its log ` +
				`says\. Environment variables that are unset here, because only the deployment knows their values: ` +
				`TABLE_ITEMS; give values for this test in testEnvironment of the service`,
		},
		"it needs more memory": {
			fake: func(f *fakedocker.Engine) {
				f.ExitsAtOnce, f.ExitCode, f.OOMKilled, f.HealthCode = true, 137, true, 1
			},
			kind: Exited,
			want: "the container was killed because it used more than 512 MiB; raise memory",
		},
		"it writes to its root file system": {
			fake: func(f *fakedocker.Engine) {
				f.ExitsAtOnce, f.ExitCode, f.HealthCode = true, 1, 1
				f.Log = "starting\nopen /data: read-only file system"
			},
			kind: WritesToRoot,
			want: `the container writes to its root file system, which is a read-only file system on ECS too \(open ` +
				`/data: read-only file system\); write below a folder of scratchPaths, or of access.fileSystem`,
		},
		"it writes to its root file system, and says so early": {
			fake: func(f *fakedocker.Engine) {
				f.ExitsAtOnce, f.ExitCode, f.HealthCode = true, 1, 1
				f.Log = "java.io.FileNotFoundException: /data (Read-only file system)" +
					strings.Repeat("\n\tat com.example.Main", 2*lastLines)
			},
			kind: WritesToRoot,
			want: `\(java.io.FileNotFoundException: /data \(Read-only file system\)\); write below a folder of`,
		},
		"its health check fails": {
			fake: func(f *fakedocker.Engine) { f.HealthCode, f.HealthSays = 1, "503" },
			kind: Unhealthy,
			want: `the container was not healthy within 0.0 s \(healthCheck.command exited with code 1: 503\); ` +
				`correct the service, or healthCheck of web`,
		},
		"its health check does not exist": {
			fake: func(f *fakedocker.Engine) { f.HealthCode, f.HealthSays = 127, "exec: no such file" },
			kind: Unhealthy,
			want: `healthCheck.command cannot be started in the container \(exec: no such file\); name an executable`,
		},
		"the load balancer's health check fails": {
			change: func(s *config.Service) { s.Internal, s.HealthCheck.Path = false, "/broken" },
			kind:   Unhealthy,
			want:   `within 0.0 s \(GET /broken returned the status 500 instead of 200\)`,
		},
		"a smoke request has another status": {
			change: smoke("/broken"),
			kind:   SmokeFailed,
			want: "GET /broken returned the status 500, and smoke expects the status 200; correct the service or its " +
				"smoke requests",
		},
		"a smoke request has no response": {
			fake:   func(f *fakedocker.Engine) { f.Address = fakeAddress },
			change: smoke("/"),
			kind:   SmokeFailed,
			want:   `GET / got no response \(.*malformed HTTP .*\), and smoke expects the status 200`,
		},
		"nothing listens where other services ask": {
			fake: func(f *fakedocker.Engine) { f.Address = "127.0.0.1:1" },
			kind: Unhealthy,
			want: `within 0.0 s \(nothing accepts connections on port 8080 of the container\); correct the service`,
		},
		"nothing listens where the load balancer asks": {
			fake:   func(f *fakedocker.Engine) { f.Address = "127.0.0.1:1" },
			change: func(s *config.Service) { s.Internal, s.HealthCheck.Path = false, "/" },
			kind:   Unhealthy,
			want:   `within 0.0 s \(nothing accepts connections on port 8080 of the container\); correct the service`,
		},
		"its command cannot be executed": {
			fake: func(f *fakedocker.Engine) {
				f.ExitsAtOnce, f.ExitCode, f.HealthCode = true, 127, 1
				f.Log = "[FATAL tini (7)] exec /web failed: No such file or directory"
			},
			kind: Exited,
			want: `the container cannot start /web \(No such file or directory\): the image does not have it or what ` +
				`it needs, or it is not executable, or for another architecture; correct the Dockerfile`,
		},
		"it ignores SIGTERM": {
			fake: func(f *fakedocker.Engine) { f.StopCode = 137 },
			kind: IgnoresStop,
			want: "the container ignored SIGTERM and was killed after 30 s, its stop timeout on ECS",
		},
		"it needs more memory to stop": {
			fake: func(f *fakedocker.Engine) { f.OOMKilled, f.StopCode = true, 137 },
			kind: Exited,
			want: "the container was killed because it used more than 512 MiB; raise memory",
		},
		"it fails on SIGTERM": {
			fake: func(f *fakedocker.Engine) { f.StopCode = 1 },
			kind: WrongExitCode,
			want: "the container exited with code 1 on SIGTERM; handle SIGTERM",
		},
		"it stays": {
			fake: func(f *fakedocker.Engine) { f.RemoveCode = 1 },
			kind: EngineFailed,
			want: "remove it with docker rm --force --volumes awslab-test-web-",
		},
	} {
		t.Run(name, func(t *testing.T) {
			var requests []string
			fake := good()
			fake.Address, fake.Log = web(t, &requests), "its log"
			if test.fake != nil {
				test.fake(&fake)
			}
			called := fake.Install(t, fakeFolder)
			o := options(t)
			if test.change != nil {
				test.change(&o.Services[0])
			}
			results, err := Test(t.Context(), o)
			require.ErrorContains(t, err, "1 of 1 images failed")
			require.Equal(t, Failed, results[0].Outcome)
			require.Equal(t, test.kind, results[0].Failure.Kind)
			require.Regexp(t, test.want, results[0].Failure.Message)
			if test.kind != EngineFailed {
				require.NotEmpty(t, results[0].Failure.Log)
				require.True(t, strings.HasSuffix(
					trimmed(fake.Log), trimmed(strings.Join(results[0].Failure.Log, "\n")),
				))
				require.LessOrEqual(t, len(results[0].Failure.Log), lastLines)
			}
			requireNothingLeft(t, called)
		})
	}
}

func TestAContainerPassesThatEndsBySIGTERM(t *testing.T) {
	for name, code := range map[string]int{"in order": 0, "as a JVM does": 143} {
		t.Run(name, func(t *testing.T) {
			fake := good()
			fake.StopCode = code
			fake.Install(t, fakeFolder)
			results, err := Test(t.Context(), options(t))
			require.NoError(t, err)
			require.Equal(t, Passed, results[0].Outcome)
		})
	}
}

func smoke(path string) func(*config.Service) {
	return func(s *config.Service) { s.Smoke = []config.SmokeRequest{{Method: "GET", Path: path, Status: 200}} }
}

func TestAnImageThatRunsAsRootIsRefused(t *testing.T) {
	for user, want := range map[string]string{
		"":       "there is no USER instruction; add USER 65532:65532 to services/web/Dockerfile",
		"0":      "because in its Dockerfile USER is 0;",
		"root":   "because in its Dockerfile USER is root;",
		"0:1000": "because in its Dockerfile USER is 0:1000;",
	} {
		fake := good()
		fake.User = user
		called := fake.Install(t, fakeFolder)
		results, err := Test(t.Context(), options(t))
		require.ErrorContains(t, err, want)
		require.Equal(t, RunsAsRoot, results[0].Failure.Kind)
		require.NotContains(t, called.Commands(t), "create")
	}
}

func TestAnImageThatStartsNothingIsRefused(t *testing.T) {
	for name, change := range map[string]func(*config.Service){
		"built":    func(*config.Service) {},
		"existing": existing,
	} {
		t.Run(name, func(t *testing.T) {
			fake := good()
			fake.Cmd = "null"
			called := fake.Install(t, fakeFolder)
			results, err := Test(t.Context(), options(t, change))
			require.ErrorContains(t, err, "the image starts nothing, because it has neither ENTRYPOINT nor CMD")
			require.Equal(t, StartsNothing, results[0].Failure.Kind)
			require.NotContains(t, called.Commands(t), "create")
		})
	}
}

func TestAnEngineThatGoesAwayIsNotBlamedOnTheImage(t *testing.T) {
	for after, left := range map[string]bool{"build": false, "create": true, "exec": true, "wait": true} {
		t.Run(after, func(t *testing.T) {
			fake := good()
			fake.DownAfter = after
			if after == "build" {
				fake.Build, fake.BuildCode = "unexpected EOF", 1
			}
			called := fake.Install(t, fakeFolder)
			o := options(t)
			second := o.Services[0]
			second.Name = "orders"
			o.Services = append(o.Services, second)
			results, err := Test(t.Context(), o)
			require.Empty(t, results)
			var gone *EngineError
			require.ErrorAs(t, err, &gone)
			require.Equal(t, err, error(gone), "it is the only error")
			next := "start it and run this again"
			if left {
				next = "start it, remove what is left of the test with docker rm --force --volumes " +
					called.Of(t, "create").Args[2] + ", and run this again"
			}
			require.Regexp(t, `^the Docker engine stopped answering while the image of service web was built or `+
				`tested \(.*Cannot connect .*\); `+next+"$", err)
		})
	}
}

func TestLinesCannotChangeATerminal(t *testing.T) {
	for line, want := range map[string]string{
		"plain \ttext":                "plain \ttext",
		"\x1b[2J\x1b[1;31mred\x1b[0m": "red",
		"10%\r20%\rdone":              "done",
		"bell\a \xff\x00":             "bell \uFFFD",
		strings.Repeat("é", 1001):     strings.Repeat("é", 1000) + "... (1001 characters)",
		strings.Repeat("x", maxLine):  strings.Repeat("x", maxLine),
	} {
		require.Equal(t, want, printable(line))
	}
}

func TestAnImageForAnotherPlatformIsBuiltOnly(t *testing.T) {
	fake := good()
	fake.Architecture = "arm64"
	called := fake.Install(t, fakeFolder)
	results, err := Test(t.Context(), options(t, func(s *config.Service) { s.Architecture = "arm64" }))
	require.NoError(t, err)
	require.Equal(t, Built, results[0].Outcome)
	require.Equal(t, "built, not run: no emulation of linux/arm64 on linux/amd64", results[0].Reason)
	require.NotContains(t, called.Commands(t), "create")
}

func TestAnExistingImageIsTestedIfItIsOnThisMachine(t *testing.T) {
	t.Run("it is, and ECS decides its user", func(t *testing.T) {
		fake := good()
		fake.User = "root"
		called := fake.Install(t, fakeFolder)
		results, err := Test(t.Context(), options(t, existing))
		require.NoError(t, err)
		require.Equal(t, Passed, results[0].Outcome)
		require.Empty(t, results[0].Reason)
		create := called.Of(t, "create")
		require.Equal(t, "quay.io/lab/web:1", create.Args[len(create.Args)-1])
		require.NotContains(t, called.Commands(t), "build")
	})
	t.Run("it is not", func(t *testing.T) {
		fake := good()
		fake.Missing = true
		fake.Install(t, fakeFolder)
		results, err := Test(t.Context(), options(t, existing))
		require.NoError(t, err)
		require.Equal(t, Skipped, results[0].Outcome)
		require.Equal(
			t,
			"not tested: the image is not on this machine; run docker pull quay.io/lab/web:1",
			results[0].Reason,
		)
	})
}

func TestAWorkerHasToGoOnRunning(t *testing.T) {
	worker := func(s *config.Service) { s.Port, s.Internal, s.HealthCheck.Command = 0, false, nil }
	t.Run("it does", func(t *testing.T) {
		called := good().Install(t, fakeFolder)
		results, err := Test(t.Context(), options(t, worker))
		require.NoError(t, err)
		require.Equal(t, Passed, results[0].Outcome)
		require.GreaterOrEqual(t, results[0].StartTime, options(t).settle)
		require.NotContains(t, called.Of(t, "create").Args, "--publish")
	})
	t.Run("it does not", func(t *testing.T) {
		fake := good()
		fake.ExitsAtOnce = true
		fake.Install(t, fakeFolder)
		_, err := Test(t.Context(), options(t, worker))
		require.ErrorContains(t, err, "the container exited with code 0")
	})
}

func TestOneFailureDoesNotHideAnother(t *testing.T) {
	fake := good()
	fake.StopCode = 1
	fake.Install(t, fakeFolder)
	o := options(t)
	second := o.Services[0]
	second.Name = "orders"
	o.Services = append(o.Services, second)
	results, err := Test(t.Context(), o)
	require.Len(t, results, 2)
	require.ErrorContains(t, err, "2 of 2 images failed:\n  web: the container exited")
	require.ErrorContains(t, err, "\n  orders: the container exited")
}

func TestACancelledTestLeavesNothing(t *testing.T) {
	fake := good()
	fake.HealthCode = 1
	called := fake.Install(t, fakeFolder)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	o := options(t, func(s *config.Service) { s.HealthCheck.GraceSeconds = 300 })
	ended := make(chan error, 1)
	go func() {
		_, err := Test(ctx, o)
		ended <- err
	}()
	require.Eventually(t, func() bool { return slices.Contains(called.Commands(t), "exec") }, time.Minute, pollInterval)
	cancel()
	require.ErrorIs(t, <-ended, context.Canceled)
	requireNothingLeft(t, called)
}
