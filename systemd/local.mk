# The units are made by make, not by config.status, so that "make sbindir=…" has its say. What
# several share stands in one file: sandbox.in comes in at a template's line @sandbox@.
unit_parts = systemd/daemon.in systemd/verify.in systemd/sandbox.in
unit_files = systemd/chatarchived.service systemd/chatarchived@.service \
        systemd/chatarchived-verify.service systemd/chatarchived-verify@.service
sysusers_file = systemd/sysusers.d/chatarchived.conf

nodist_systemdsystemunit_DATA = $(unit_files)
dist_systemdsystemunit_DATA = systemd/chatarchived-verify.timer systemd/chatarchived-verify@.timer
dist_systemdsystempreset_DATA = systemd/90-chatarchived.preset
dist_catalog_DATA = systemd/chatarchived.catalog
nodist_sysusers_DATA = $(sysusers_file)
EXTRA_DIST += $(unit_parts) $(unit_files:=.in) systemd/sysusers.in
CLEANFILES += $(unit_files) $(sysusers_file)

# StateDirectory= is below /var/lib, always; with another localstatedir the archive is elsewhere.
unit_elsewhere = $(if $(filter /var,$(localstatedir)),/^@elsewhere@$$/d,s|^@elsewhere@$$|$(strip \
        ReadWritePaths=-$(localstatedir)/lib/chatarchived)|)
unit_include = -e '/^@$(1)@$$/{r $(top_srcdir)/systemd/$(1).in' -e 'd;}'
unit_sed = sed -e '$(unit_elsewhere)' -e 's|@sbindir[@]|$(sbindir)|g; s|@bindir[@]|$(bindir)|g' \
        -e 's|@confdir[@]|$(confdir)|g; s|@catalogdir[@]|$(catalogdir)|g' \
        -e 's|@localstatedir[@]|$(localstatedir)|g' $(call unit_include,daemon) \
        $(call unit_include,verify) $(call unit_include,sandbox)

$(unit_files): systemd/%: systemd/%.in $(unit_parts) Makefile
	$(AM_V_GEN)$(MKDIR_P) $(@D) && $(unit_sed) $< >$@.tmp && mv $@.tmp $@

$(sysusers_file): systemd/sysusers.in Makefile
	$(AM_V_GEN)$(MKDIR_P) $(@D) && $(unit_sed) $< >$@.tmp && mv $@.tmp $@
