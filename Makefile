# `make help` lists the targets. CI uses the same ones.

PYTHON ?=
PORT ?= 8000
BIND ?= 127.0.0.1
IMAGE ?= wardrobe
BASE ?=
BUILD_FLAGS ?=
ARGS ?=
export PORT BIND
# ONNX Runtime reports to its makers unless this is set before it is loaded.
export ORT_DISABLE_TELEMETRY := 1
# Without bytecode on disk, each start of Python compiles TensorFlow's thousand files again: 10 s in place of 4.
unexport PYTHONDONTWRITEBYTECODE

VENV := .venv
IN := $(VENV)/bin
LOCK := .cache/uv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" $(ARGS)

# The first line of requirements.txt, since people install that file to serve.
TRAIN_LOCK_NOTE := \# For training. To serve alone, install requirements/serve.txt, which has no TensorFlow.

# Two processes, each with whole files: a file's tests share its services.
PROCESSES := -n 2 --dist loadfile

PEERS := $(basename $(wildcard benchmarks/peers/*.in))

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help serve test test-all check fix train install-train data image lock clean mutations system named-python fuzz measure audit sbom docs bundled

help: ## List what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "Settings: PORT=8000 BIND=127.0.0.1 PYTHON=python3.11 IMAGE=wardrobe BASE=image BUILD_FLAGS='...' ARGS='...'"

serve: named-python $(VENV)/.serve ## Answer on http://127.0.0.1:8000, or PORT=
	@exec $(IN)/python -m app

test: system check .venv-s3/.stamp ## Check, then run the tests of each kind, installing what they need
	@$(IN)/python -m pytest $(PROCESSES) -m "not slow" --durations=15 $(ARGS)

test-all: system $(VENV)/.dev $(VENV)/.clients .venv-s3/.stamp .venv-scale/.stamp ## Run the slow tests, after `make test`: Ray, container, faults, attacks
	@$(IN)/python -m pytest $(PROCESSES) -m slow --durations=15 $(ARGS)

check: $(VENV)/.dev ## Format, lint, types, Dockerfile and workflow, changing nothing
	$(IN)/ruff format --check --quiet .
	$(IN)/ruff check --quiet .
	$(IN)/mypy
	$(IN)/hadolint Dockerfile
	$(IN)/check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(IN)/check-jsonschema --quiet --builtin-schema vendor.github-issue-forms .github/ISSUE_TEMPLATE/*.yml

fix: $(VENV)/.dev ## Format, and mend what ruff can mend
	$(IN)/ruff format .
	$(IN)/ruff check --fix .

train: named-python $(VENV)/.train ## Train a release, with ARGS= for wardrobe train
	@$(if $(filter --data% --train%,$(ARGS)),,scripts/setup_system.sh dataset-fashion-mnist)
	@$(IN)/python -m scripts train $(ARGS)

install-train: named-python $(VENV)/.train ## Install what training needs, and train nothing

bundled: named-python $(VENV)/.lab ## Make the bundled release again, with PHOTOS= and OUT=, in hours
	@$(MAKE) --no-print-directory -f lab/Makefile RUN=$(IN)/python $(ARGS)

data: ## Install and check Fashion-MNIST
	@scripts/setup_data.sh

fuzz: $(VENV)/.dev $(VENV)/.fuzz ## Try properties, decoders and the contract on many made-up inputs, for some minutes
	@$(IN)/python -m pytest --quiet tests/properties --hypothesis-profile=many
	@$(IN)/python -m pytest --quiet tests/fuzz/gate_simulated.py tests/fuzz/bounds_simulated.py
	@$(IN)/python -m tests.fuzz.coverage_guided
	@$(IN)/python -m tests.fuzz.against_contract

mutations: $(VENV)/.dev ## Draw changes of a file and count those that tests find, ARGS="FILE TESTS"
	@$(IN)/python -m tests.mutations $(ARGS)

measure: $(VENV)/.dev ## Measure: ARGS=overload, side_by_side, answer_cost, soak, decode_memory, labelling or screenshots
	@scripts/setup_system.sh wrk dataset-fashion-mnist chromium fonts-dejavu-core fonts-inter
	@$(IN)/python -m benchmarks.$(or $(ARGS),side_by_side)

audit: $(VENV)/.dev $(VENV)/.audit ## Ask what is known against the packages that are locked
	@for lock in requirements/serve.txt requirements.txt requirements/dev.txt; do \
		$(IN)/python -m pip_audit --require-hashes --disable-pip --progress-spinner off $(ARGS) -r $$lock || failed=1; \
	done; test -z "$$failed"

sbom: $(VENV)/.dev $(VENV)/.audit ## Print what the container holds, as CycloneDX has it
	@$(IN)/python -m scripts.documents sbom

docs: $(VENV)/.dev ## Write the tables of README and docs: commands, settings, and what was measured
	@$(IN)/python -m scripts.documents docs

image: ## Build the container image, with buildah or docker; BASE= for another one to build on
	@scripts/build_image.sh $(IMAGE) $(if $(BASE),--build-arg BASE=$(BASE)) $(BUILD_FLAGS)

lock: $(VENV)/.dev ## Compile pyproject.toml into the lock files, with ARGS=--upgrade to renew
	# The widest first: the narrower ones take their versions from it, so that they never disagree.
	$(LOCK) pyproject.toml --extra train --group label --group dev -o requirements/dev.txt
	$(LOCK) pyproject.toml --extra train -c requirements/dev.txt -o requirements.txt
	sed -i '1i $(TRAIN_LOCK_NOTE)' requirements.txt
	$(LOCK) pyproject.toml -c requirements/dev.txt -o requirements/serve.txt
	$(LOCK) --group label -c requirements/dev.txt -o requirements/label.txt
	$(LOCK) pyproject.toml --group label --group scale -c requirements/dev.txt -o requirements/scale.txt
	$(LOCK) pyproject.toml --extra train --group lab -c requirements/dev.txt -o requirements/lab.txt
	$(LOCK) --group installer -o requirements/installer.txt
	$(LOCK) --group audit -c requirements/dev.txt -o requirements/audit.txt
	$(LOCK) --group clients -c requirements/dev.txt -o requirements/clients.txt
	$(LOCK) --group fuzz -o requirements/fuzz.txt
	$(LOCK) requirements/s3-servers.in -o requirements/s3-servers.txt
	for peer in $(PEERS); do $(LOCK) $$peer.in -o $$peer.txt || exit; done

clean: ## Remove what was installed and cached here
	rm -rf $(VENV) .venv-s3 .venv-scale .venv-peers .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# An unfit PYTHON= is refused even where .venv is there already.
serve: NEEDS := requirements/serve.txt
train install-train: NEEDS := requirements.txt
named-python:
	@$(if $(PYTHON),scripts/setup_python.sh $(NEEDS) $(PYTHON) >/dev/null)

system:
	@scripts/setup_system.sh
	@scripts/setup_promtool.sh
	@scripts/setup_kubectl.sh

# One stamp per lock file: a second run is instant, a changed lock is installed. All locks agree on
# versions, so each adds to what is there and takes nothing away.
$(VENV)/.serve: requirements/serve.txt
$(VENV)/.train: requirements.txt
$(VENV)/.dev: requirements/dev.txt
$(VENV)/.lab: requirements/lab.txt
$(VENV)/.fuzz: requirements/fuzz.txt
$(VENV)/.clients: requirements/clients.txt
$(VENV)/.audit: requirements/audit.txt
.venv-s3/.stamp: requirements/s3-servers.txt
.venv-scale/.stamp: requirements/scale.txt
$(VENV)/.serve $(VENV)/.train $(VENV)/.dev $(VENV)/.lab $(VENV)/.fuzz $(VENV)/.clients $(VENV)/.audit .venv-s3/.stamp .venv-scale/.stamp: | requirements/installer.txt
	@scripts/setup_venv.sh $(@D) $< $(PYTHON)
	@touch $@
