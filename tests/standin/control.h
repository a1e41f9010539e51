/* The control plane: paths below /_control/, without a key, for tests.
 *
 * GET  expected           what an archive must hold: a line for each record that is not deleted,
 *                         its newest version. ?visible=1: less late ones. ?versions=all: every
 *                         version that was ever in an answer, of deleted records too.
 * GET  expected-messages  likewise; lines begin with completion_id
 *                         (both: ?sha256=1 gives "SHA256 LENGTH" of each line instead)
 * GET  ids                each record: index id created version messages visible deleted shown
 * GET  requests           what was asked since the last reset, a line each; POST requests/reset
 * GET  stats              counts, as one object
 * POST add                n= created=EPOCH same-second=1 hidden=1 visible-after-requests=R
 *                         visible-after-lists=L
 * POST delete|edit|restore|reveal   id= | index=N|oldest|newest | n=K (random; reveal: all);
 *                         edit: metadata={…}
 * POST hook               on= match= nth= times= do=ACTION and its parameters; POST hook/clear
 * POST fault              on= match= nth= times= kind= and its parameters, the body as needed;
 *                         GET fault lists them; POST fault/clear
 * POST release            lets stalled answers go on
 * POST clock              date=EPOCH: what Date says from now on; 0: the real time */
#pragma once

#include "service.h"

/* Answers if the path is the control plane's, else false. */
bool control_answer(struct service *s, const struct request *r, struct answer *a);
