# Every target installs what it needs and can be run again after an interruption.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help serve test check site site-offline record fresh bench bench-site soak fuzz guards doctor clean

ready := sandbox-backend/setup/ready
as_root := . sandbox-backend/setup/common.sh; as_root
with_rights := sandbox-backend/setup/with-rights
# what serves ends with whoever has started it, even if that is killed
with_make := setpriv --pdeathsig TERM
override export DATA := $(or $(DATA),$(CURDIR)/.state)

help: ## 이 목록을 보여 줘요
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22
	@printf '\n  설정: PORT=8000 HOST=127.0.0.1 HOSTS=더-답할-이름 SANDBOX_REGISTRY=http://레지스트리 DATA=이미지를_둘_폴더 MACHINE=here|guest|pages (예: make serve PORT=8080)\n'

serve: ## 필요한 것을 설치하고 페이지와 백엔드를 켜요. Ctrl-C로 끝내요
	@$(ready) serve
	@$(with_make) $(with_rights) .venv/bin/sandbox-backend serve --site "$(CURDIR)/site" --data-dir "$(DATA)" --prepare "$(CURDIR)/$(ready)"

test: ## 검사와 모든 테스트를 돌려요. 하나도 건너뛰지 않아요
	@$(ready) test
	@SANDBOX_MUST_RUN=1 $(with_rights) .venv/bin/python tests/side_by_side.py

check: ## 1분 안에 끝나는 검사: ruff, mypy, tsc, node --test, 단위 테스트
	@$(ready) check
	@sandbox-backend/setup/checks
	@.venv/bin/python -m pytest tests/unit

site: ## 페이지를 site/에 만들어요
	@$(ready) site

record: ## 데모를 모두 실행해서 기록을 demos/recordings/에 적어요. BACKEND=주소로 다른 백엔드에서
	@$(ready) $(if $(BACKEND),recorder,record)
	@$(if $(BACKEND),,$(with_rights)) .venv/bin/python -m docker_run.recording.record \
	  $(if $(BACKEND),--backend "$(BACKEND)",--data-dir "$(DATA)")

site-offline: ## 서버 없이 열리는 사본을 site-offline/과 site-offline.zip에 만들어요
	@$(ready) offline

fresh: ## 갓 만든 Debian의 여러 컨테이너에서 make serve를 해 보고 걸린 시간을 보여 줘요
	@$(ready) test
	@[ -x /usr/sbin/debootstrap ] || { $(as_root) sandbox-backend/setup/install-packages debootstrap; }
	@$(as_root) .venv/bin/python tests/fresh/main.py

bench: ## 속도와 메모리를 재고 Docker와 나란히 보여 줘요
	@$(ready) test
	@$(with_rights) .venv/bin/python tests/bench/main.py

bench-site: ## 쪽마다 무게와 요청을 재고 Lighthouse와 axe의 판정을 보여 줘요
	@$(ready) test
	@. sandbox-backend/setup/common.sh; with_node npm ci --prefix tests/bench/lighthouse --no-audit --no-fund --silent
	@.venv/bin/python tests/bench/site_pages.py

soak: ## 해로운 손님과 보통 손님을 함께 오래 돌려 보고 무엇이 느려지고 남는지 보여 줘요. SECONDS=600
	@$(ready) test
	@$(with_rights) .venv/bin/python tests/soak/main.py $(or $(SECONDS),600)

fuzz: ## 낯선 글을 읽는 곳마다 이상한 입력을 오래 넣어 보고 견디는지 보여 줘요. SECONDS=600
	@$(ready) test
	@$(with_rights) .venv/bin/python tests/fuzz/main.py $(or $(SECONDS),600)

guards: ## 막는 코드를 하나씩 빼 보고 그 테스트가 실패하는지 모두 확인해요
	@$(ready) test
	@EVERY_GUARD=1 SANDBOX_MUST_RUN=1 $(with_rights) .venv/bin/python -m pytest tests/security/test_guards.py

doctor: ## 이 컴퓨터에 무엇이 모자라고 어떻게 고치는지 알려 줘요
	@$(ready) doctor
	@. sandbox-backend/setup/common.sh; . sandbox-backend/setup/machine.sh; . sandbox-backend/setup/packages.sh; use_unpacked; \
	  as_root_if_possible .venv/bin/sandbox-backend doctor --data-dir "$(DATA)"

clean: ## 설치하고 만든 것을 모두 지워요 (데비안 패키지는 남아요)
	@$(as_root) rm -rf .venv .state .cache .mypy_cache .ruff_cache .pytest_cache site site-offline site-offline.zip \
	  .hypothesis node_modules tests/bench/lighthouse/node_modules test-results \
	  sandbox-backend/src/*.egg-info demos/src/*.egg-info demos/model/src/*.egg-info
