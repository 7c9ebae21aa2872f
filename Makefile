# The commands of the house. `make dev` and `make test` need nothing but git, make and a network.

.PHONY: dev test check bench fuzz build soak help

help: ## This list.
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

dev: ## Run server, emulated Push Kit, virtual phones; prints the addresses.
	@./scripts/setup.sh build
	@./scripts/pages.sh
	@PATH="$$HOME/.cargo/bin:$$PATH" cargo run --locked --quiet --package hongyan -- dev

test: ## All tests: Rust, SDK, pages in headless Chromium.
	@./scripts/setup.sh test
	@./scripts/test.sh

check: ## Format, lints, docs, types, architecture.
	@./scripts/setup.sh build
	@./scripts/check.sh

bench: ## Measure a server on this machine; writes docs/benchmarks.md and its plot.
	@./scripts/setup.sh build
	@PATH="$$HOME/.cargo/bin:$$PATH" cargo run --locked --quiet --release --package hongyan -- bench all

fuzz: ## Try FUZZ_CASES (100000) inputs on every reader of frames, tokens, settings, streams and vendor answers.
	@./scripts/setup.sh build
	@./scripts/fuzz.sh

build: ## Pages and the release binary in target/release/hongyan.
	@./scripts/setup.sh build
	@./scripts/pages.sh
	@PATH="$$HOME/.cargo/bin:$$PATH" cargo build --locked --release --package hongyan

soak: ## Simulated histories with crashes for SOAK_SECONDS (600), in release; a failure prints its seed.
	@./scripts/setup.sh build
	@PATH="$$HOME/.cargo/bin:$$PATH" SIM_SECONDS=$${SOAK_SECONDS:-600} cargo test --locked --release --package hongyan-server --lib -- sim:: --nocapture
