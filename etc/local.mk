dist_man_MANS += etc/chatarchived.conf.5
EXTRA_DIST += etc/chatarchived.conf

# What a person wrote is never overwritten, and goes only if it is still what came with us.
confdir = $(sysconfdir)/chatarchived

install-data-local:
	$(MKDIR_P) '$(DESTDIR)$(confdir)/chatarchived.conf.d'
	test -e '$(DESTDIR)$(confdir)/chatarchived.conf' || \
		$(INSTALL_DATA) '$(top_srcdir)/etc/chatarchived.conf' \
			'$(DESTDIR)$(confdir)/chatarchived.conf'

uninstall-local:
	cmp -s '$(top_srcdir)/etc/chatarchived.conf' '$(DESTDIR)$(confdir)/chatarchived.conf' && \
		rm -f '$(DESTDIR)$(confdir)/chatarchived.conf' || :
	rmdir '$(DESTDIR)$(confdir)/chatarchived.conf.d' '$(DESTDIR)$(confdir)' 2>/dev/null || :
