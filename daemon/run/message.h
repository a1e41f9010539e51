/* The identities of what matters in the journal: MESSAGE_ID= of each, for `journalctl
 * MESSAGE_ID=…` and for the paragraphs of systemd/chatarchived.catalog, which has every one of
 * them (tests/units.sh compares). They never change; made by systemd-id128 new. */
#pragma once

#define MESSAGE_WALK_COMPLETE  "81628d6978664591abf795f264b16af3" /* WALK= PAGE= RECORDS= LEDGER_* */
#define MESSAGE_WALK_FAILED    "8c7e63d27c2c4c3885e3e134e0b52243" /* the same, and REASON= */
#define MESSAGE_RECORDS_GONE   "e008db8eaa224e588ff47456638c7a84" /* WALK= RECORDS= */
#define MESSAGE_CHANGED        "074112eb46a44045a5ff5243df211ffb" /* WALK= RECORDS= */
#define MESSAGE_KEY_REFUSED    "29ee258f0d6d4bcab28b38bcf8db3f44" /* HTTP_STATUS= REQUEST_ID= */
#define MESSAGE_RATE_LIMITED   "cbd708fecc2342cdaaae44bf71cd6dfe" /* HTTP_STATUS= REQUEST_ID= */
#define MESSAGE_OUTAGE_BEGINS  "62a85403a39a44219820b970b11eb1b2" /* HTTP_STATUS= REQUEST_ID= */
#define MESSAGE_OUTAGE_ENDS    "728ddfd8643f4e33bea37a5913df3357" /* of any kind; TOOK_USEC= */
#define MESSAGE_DISK_FULL      "3f7ba0d2bfdd4efdb49bae42e1f325af" /* or read-only, or failing */
#define MESSAGE_RECOVERED      "34c07a43e19f4c3c934be97e52f36d40" /* what a crash left was cut off */
#define MESSAGE_POISONED       "15eb9487538547eaad62de2eee2dd101" /* FILE=: an fsync failed */
#define MESSAGE_SEALED         "aa8d87b77ab74353afcb0f0713115959" /* FILE= BYTES= */
#define MESSAGE_DAMAGED        "21ea830974a64614b928fc563a106e51" /* the archive */
#define MESSAGE_CONFIG_REFUSED "358be06ad4ad47e1ab734c17c5111740" /* at start, or by a reload */
#define MESSAGE_LOCKED         "1234603347ec4c44929727c85a8f6c5b" /* waiting for another writer */
#define MESSAGE_GONE_HELD      "d63d246657294ab0b9b4f3bed3141179" /* WALK= RECORDS=: not believed yet */
#define MESSAGE_UNSTABLE       "87c449d9659f4a8db132f03462e02c95" /* WALK= */
#define MESSAGE_PROMPTS_FAILED "e779a99d618a4025b84fd06fcc563647" /* RECORDS= still wanted */
