# A few words do everything: see CONTRIBUTING.md.
GO       ?= go
FUZZTIME ?= 10s
export CGO_ENABLED_BUILD = 0

.PHONY: all build web run test lint fmt e2e bench fuzz clean

all: build

build: bin/nightshift

# Go knows what is out of date, so the binary is always asked for anew.
.PHONY: bin/nightshift
bin/nightshift: web
	@./tools/setup go
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-s -w' -o bin/nightshift ./cmd/nightshift

# The web application, which the binary embeds.
web:
	@./tools/web build

# The main job, live: a service dies and is repaired. The server stays up afterwards.
run: build
	./bin/nightshift demo

test:
	@./tools/setup go gcc python3 pip3
	$(GO) vet ./...
	$(GO) test -race -timeout 30m ./...
	@./tools/web test

lint:
	@./tools/setup go
	$(GO) tool -modfile=tools/go.mod golangci-lint run

	@./tools/web lint

fmt:
	$(GO) tool -modfile=tools/go.mod golangci-lint fmt

e2e: build
	./tools/e2e
	./tools/web e2e

bench: build
	./bin/nightshift bench

fuzz:
	./tools/fuzz $(FUZZTIME)

clean:
	rm -rf bin web/node_modules web/e2e/lighthouse/node_modules
