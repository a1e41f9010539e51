libchatarchived_a_SOURCES += \
        daemon/store/name.h daemon/store/name.c \
        daemon/store/pack.h daemon/store/pack.c \
        daemon/store/work.h daemon/store/work.c \
        daemon/store/unpack.h daemon/store/unpack.c \
        daemon/store/spool.h daemon/store/spool.c \
        daemon/store/segment.h daemon/store/segment.c \
        daemon/store/frame.h daemon/store/frame.c \
        daemon/store/ledger.h daemon/store/ledger.c \
        daemon/store/catalog.h daemon/store/catalog_db.h daemon/store/catalog_sql.c \
        daemon/store/catalog_file.c daemon/store/catalog.c daemon/store/catalog_key.c \
        daemon/store/catalog_record.c daemon/store/catalog_note.c daemon/store/catalog_back.c \
        daemon/store/catalog_gone.c daemon/store/catalog_history.c daemon/store/catalog_list.c \
        daemon/store/catalog_frame.c \
        daemon/store/catalog_segment.c daemon/store/catalog_walk.c daemon/store/source.c \
        daemon/store/archive.h daemon/store/archive_core.h daemon/store/opening.c \
        daemon/store/archive.c daemon/store/find.c daemon/store/room.c \
        daemon/store/commit.c daemon/store/mark.c daemon/store/torn.c \
        daemon/store/replay.h daemon/store/replay.c daemon/store/recover.c \
        daemon/store/reindex.c
