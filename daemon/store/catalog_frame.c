#include "store/catalog_db.h"

void catalog_set_frame(struct catalog *c, enum stream stream, uint64_t frame)
{
        c->frames[stream] = frame;
}

int catalog_set_form(struct catalog *c, int64_t row, const uint8_t form[static SHA256_SIZE],
                     struct err *e)
{
        sqlite3_stmt *s;

        if (catalog_begin(c, e) < 0 || catalog_statement(c, SQL_FORM, &s, e) < 0)
                return -1;
        sqlite3_bind_int64(s, 1, row);
        sqlite3_bind_blob(s, 2, form, SHA256_SIZE, SQLITE_STATIC);
        return catalog_run(c, s, e);
}

int catalog_count_frames(struct catalog *c, enum stream stream, uint64_t *ret, struct err *e)
{
        sqlite3_stmt *s;

        if (catalog_statement(c, SQL_FRAME_COUNT, &s, e) < 0)
                return -1;
        sqlite3_bind_int(s, 1, (int)stream);
        if (catalog_step(c, s, e) != 0)
                return -1;
        *ret = (uint64_t)sqlite3_column_int64(s, 0);
        sqlite3_reset(s);
        return 0;
}

int catalog_frame_segment(struct catalog *c, enum stream stream, uint64_t frame,
                          struct catalog_segment *ret, uint64_t *ret_nth, struct err *e)
{
        uint64_t before = 0, frames, number;
        sqlite3_stmt *s;
        int r;

        if (catalog_statement(c, SQL_FRAME_SEGMENTS, &s, e) < 0)
                return -1;
        sqlite3_bind_int(s, 1, (int)stream);
        while ((r = catalog_step(c, s, e)) == 0) {
                number = (uint64_t)sqlite3_column_int64(s, 0);
                frames = (uint64_t)sqlite3_column_int64(s, 1);
                if (frame > before && frame - before <= frames)
                        break;
                before += frames;
        }
        if (r != 0)
                return r;
        sqlite3_reset(s);
        r = catalog_get_segment(c, stream, (uint32_t)number, ret, e);
        if (r == 0)
                *ret_nth = frame - before;
        return r;
}
