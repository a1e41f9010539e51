libchatarchived_a_SOURCES += \
        daemon/ctl/show.h daemon/ctl/show.c \
        daemon/ctl/damage.h daemon/ctl/damage.c \
        daemon/ctl/verb.h daemon/ctl/verb.c \
        daemon/ctl/crew.h daemon/ctl/crew.c \
        daemon/ctl/put.h daemon/ctl/put.c \
        daemon/ctl/member.h daemon/ctl/member.c \
        daemon/ctl/pattern.h daemon/ctl/pattern.c \
        daemon/ctl/meter.h daemon/ctl/meter.c \
        daemon/ctl/chain.h daemon/ctl/chain.c \
        daemon/ctl/reading.h daemon/ctl/reading.c \
        daemon/ctl/scan.h daemon/ctl/scan.c \
        daemon/ctl/sieve.h daemon/ctl/sieve.c \
        daemon/ctl/latest.h daemon/ctl/latest.c \
        daemon/ctl/sight.h daemon/ctl/sight.c \
        daemon/ctl/shelf.h daemon/ctl/shelf.c \
        daemon/ctl/tree.h daemon/ctl/tree.c \
        daemon/ctl/proof.h daemon/ctl/proof.c \
        daemon/ctl/verify.h daemon/ctl/verify.c \
        daemon/ctl/cat.h daemon/ctl/cat.c \
        daemon/ctl/grep.h daemon/ctl/grep.c \
        daemon/ctl/head.h daemon/ctl/head.c \
        daemon/ctl/walks.h daemon/ctl/walks.c \
        daemon/ctl/account.h daemon/ctl/account.c \
        daemon/ctl/due.h daemon/ctl/due.c \
        daemon/ctl/writer.h daemon/ctl/writer.c \
        daemon/ctl/record.h daemon/ctl/record.c \
        daemon/ctl/places.h daemon/ctl/places.c \
        daemon/ctl/leaf_key.h daemon/ctl/leaf_key.c daemon/ctl/leaf.h daemon/ctl/leaf.c \
        daemon/ctl/library_build.h daemon/ctl/library_build.c \
        daemon/ctl/library.h daemon/ctl/library_core.h daemon/ctl/library_open.c \
        daemon/ctl/library_find.c daemon/ctl/library.c \
        daemon/ctl/reindex.h daemon/ctl/reindex.c \
        daemon/ctl/count.h daemon/ctl/count.c \
        daemon/ctl/status.h daemon/ctl/status_core.h daemon/ctl/status_text.c \
        daemon/ctl/status_json.c daemon/ctl/status.c \
        daemon/ctl/pager.h daemon/ctl/pager.c \
        daemon/ctl/column.h daemon/ctl/column.c \
        daemon/ctl/prose.h daemon/ctl/prose.c \
        daemon/ctl/media.h daemon/ctl/media.c \
        daemon/ctl/message.h daemon/ctl/message.c \
        daemon/ctl/conversation.h daemon/ctl/conversation_head.c daemon/ctl/conversation.c \
        daemon/ctl/tuning.h daemon/ctl/tuning.c \
        daemon/ctl/when.h daemon/ctl/when.c \
        daemon/ctl/filter.h daemon/ctl/filter.c \
        daemon/ctl/report.h daemon/ctl/report_core.h daemon/ctl/report_skim.h \
        daemon/ctl/report_skim.c daemon/ctl/report_tally.h daemon/ctl/report_tally.c \
        daemon/ctl/report_versions.h daemon/ctl/report_versions.c \
        daemon/ctl/report_history.h daemon/ctl/report_history.c \
        daemon/ctl/report_read.c daemon/ctl/report_html.h daemon/ctl/report_html.c \
        daemon/ctl/report_bins.h daemon/ctl/report_bins.c \
        daemon/ctl/report_chart.h daemon/ctl/report_chart.c daemon/ctl/report_charts.c \
        daemon/ctl/report_tables.c daemon/ctl/report_style.c daemon/ctl/report_page.c \
        daemon/ctl/report.c \
        daemon/ctl/args.h daemon/ctl/args_options.h daemon/ctl/args_options.c \
        daemon/ctl/args_help.c daemon/ctl/args.c \
        daemon/ctl/pick.h daemon/ctl/pick.c \
        daemon/ctl/list.h daemon/ctl/list.c \
        daemon/ctl/showing.h daemon/ctl/showing.c \
        daemon/ctl/export.h daemon/ctl/export.c

bin_PROGRAMS += chatarchivectl
chatarchivectl_SOURCES = daemon/ctl/main.c
chatarchivectl_LDADD = $(DAEMON_LIBS)

dist_man_MANS += daemon/ctl/chatarchivectl.1 daemon/store/chatarchive.5

include $(top_srcdir)/daemon/ctl/completion/local.mk
