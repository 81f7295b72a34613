# Needs Go, git, make and a shell; race needs a C compiler besides, image-test needs Docker, dynamodb-local Java.

# Without ST1005: an error about an argument begins with the name of the field.
STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2
ACTIONLINT  = github.com/rhysd/actionlint/cmd/actionlint@v1.7.7
GOVULNCHECK = golang.org/x/vuln/cmd/govulncheck@v1.9.0
VULNDB      = golang.org/x/vulndb

STACK    ?= dev
FUZZTIME ?= 10s
CHECKS   ?= 12
POINTS   ?= 13
CHANGES  ?= 0
SEED     ?= 1
OPERATIONS ?= 100

TEST_TIMEOUT   = 60m
CHANGE_TIMEOUT = 6h

.PHONY: help build up test race dynamodb-local load fuzz e2e mutation bench accepted change recover leaks examples \
	image-test lint vuln generate clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## compile bin/awslab and the offline target's stand-ins beside it
	go build -o bin/awslab ./automation/cmd/awslab
	go build -o bin/awslab-offline ./automation/offline/cmd/awslab-offline

up: build ## bring the stack STACK (dev) up on the offline target
	bin/awslab up --stack $(STACK)

test: build ## run all tests
	bin/awslab engine
	go test -timeout $(TEST_TIMEOUT) ./...
	cd services && go test -timeout $(TEST_TIMEOUT) ./...

# The provider's SDK is generated, and the detector's compiler takes half an hour to optimize it.
race: build ## run all tests under the race detector
	bin/awslab engine
	go test -race -gcflags='github.com/pulumi/pulumi-aws/...=-N -l' -timeout $(TEST_TIMEOUT) ./...
	cd services && go test -race -timeout $(TEST_TIMEOUT) ./...

# Amazon's licence of DynamoDB Local asks for an AWS account. It listens on every address: so it runs, with the tests,
# where there is no network but loopback.
dynamodb-local: ## run the tests of catalog on Amazon DynamoDB Local; needs Java, Maven and Linux
	mvn --quiet --batch-mode --file services/catalog/internal/dynamo/dynamotest/pom.xml \
		dependency:copy-dependencies -DoutputDirectory=$(CURDIR)/bin/dynamodb-local
	cd services && go test -run '^$$' ./catalog/...
	cd services && DYNAMODB_LOCAL=$(CURDIR)/bin/dynamodb-local unshare --map-root-user --net sh -c \
		'ip link set lo up && go test -count 1 -timeout $(TEST_TIMEOUT) ./catalog/...'

load: ## have 200 clients use each service for half a minute
	cd services && go test -tags load -count 1 -p 1 -v -timeout $(TEST_TIMEOUT) -run '^TestLoad$$' \
		./catalog/internal/api ./orders

fuzz: ## run every fuzz target for FUZZTIME (10s)
	@grep -rHo --include='*_test.go' '^func Fuzz[A-Za-z0-9_]*' . | sed 's|/[^/]*:func | |' | \
	while read -r package target; do \
		echo "$$package $$target"; \
		(cd "$$package" && go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) \
			-fuzzminimizetime 100x .) || exit 1; \
	done

e2e: build ## bring whole stacks up on the offline target, change them, and take them down
	bin/awslab engine
	go test -tags e2e -count 1 -v -timeout $(TEST_TIMEOUT) -run '^TestLifecycle' \
		./automation ./automation/cmd/awslab

accepted: build ## bring CHECKS (12) random stacks up on the offline target, drawn from SEED (1)
	bin/awslab engine
	go test -tags e2e -count 1 -v -timeout $(TEST_TIMEOUT) -run '^TestWhatIsAcceptedComesUp$$' \
		./automation -rapid.checks $(CHECKS) -rapid.seed $(SEED)

change: build ## change every key of every kind of stack, watched; with CHANGES, so many of one, drawn from SEED (1)
	bin/awslab engine
	go test -tags e2e -count 1 -v -timeout $(CHANGE_TIMEOUT) \
		-run '^(TestChangesOfEveryKey|TestAWalkOfChanges|TestAChangedStackIsAsIfItWereMadeSo)$$' \
		./automation -changes $(CHANGES) -seed $(SEED)

recover: build ## kill every operation at POINTS (13) resources, drawn from SEED (1), and recover
	bin/awslab engine
	go test -tags e2e -count 1 -v -timeout $(TEST_TIMEOUT) -run '^TestLifecycleOfOperationsThatAreKilled$$' \
		./automation -points $(POINTS) -seed $(SEED)

leaks: build ## run OPERATIONS (100) operations in one process; they may leave nothing behind
	bin/awslab engine
	go test -count 1 -v -timeout $(TEST_TIMEOUT) -run '^TestNothingIsLeftBehind$$' ./automation \
		-operations $(OPERATIONS)

examples: build ## run the examples and what the READMEs show
	bin/awslab engine
	go test -tags examples -count 1 -v -timeout $(TEST_TIMEOUT) ./examples

mutation: ## judge every change that makes the prod stack worse; each has to be found by a policy rule
	go test -tags mutation -count 1 -v -timeout $(TEST_TIMEOUT) -run '^TestEveryMutantIsCaught$$' \
		./policy/internal/mutation

bench: ## run the benchmarks
	go test -run '^$$' -bench . -benchmem -timeout $(TEST_TIMEOUT) ./...
	cd services && go test -run '^$$' -bench . -benchmem -timeout $(TEST_TIMEOUT) ./...

image-test: ## build images with Docker and run them; BUILD_IMAGE names another base image of the services
	go test -tags image -count 1 -p 1 -timeout $(TEST_TIMEOUT) -run '^TestImage($$|T)' \
		./automation/images ./automation/cmd/awslab
	cd services && DOCKER_BUILDKIT=1 go test -tags image -count 1 -timeout $(TEST_TIMEOUT) -run '^TestImage$$' ./...

lint: ## check formatting, go vet and staticcheck
	@git ls-files | grep -vE '\.(json|schema|sum|txt)$$|LICENSE|/testdata/' | while read -r file; do \
		expand -t 4 "$$file" | grep -anE '^.{121}' | grep -vE 'json:"|^[0-9]+:\|' | sed "s|^|$$file:|"; done | \
		{ ! grep .; } || { echo 'break these lines: they have more than 120 columns' >&2; exit 1; }
	@unformatted=$$(gofmt -l .); test -z "$$unformatted" || { echo "run gofmt -w on:" $$unformatted >&2; exit 1; }
	go vet ./...
	cd services && go vet ./... && go vet -tags image ./... && go vet -tags load ./...
	go vet -tags mutation ./policy/internal/mutation
	go vet -tags e2e ./automation ./automation/cmd/awslab
	go vet -tags image ./automation/images ./automation/cmd/awslab
	go vet -tags examples ./examples
	go run $(ACTIONLINT) -shellcheck= -pyflakes=
	go run $(STATICCHECK) -checks inherit,-ST1005 ./...
	cd services && go run $(STATICCHECK) -checks inherit,-ST1005 ./...

# The database is that of vuln.go.dev, which is a module too: so a proxy for modules is all that it takes.
vuln: ## look for known vulnerabilities; not part of CI, whose verdict must not change with a database on the network
	go mod download $(VULNDB)@latest
	go run $(VULNDB)/cmd/indexdb@latest -out bin/vulndb \
		-vulns "$$(go list -m -f '{{.Dir}}' $(VULNDB)@latest)/data/osv"
	@found=0; for module in . services; do \
		(cd "$$module" && go run $(GOVULNCHECK) -db "file://$(CURDIR)/bin/vulndb" ./...) || found=1; \
	done; exit $$found

generate: ## regenerate what is generated
	go generate ./...

clean: ## remove what build made; the offline target's world in .awslab stays
	rm -rf bin
