/* What an ICD code looks like: the shapes of four code systems, the words that say "no code", and which version of the
 * ICD a set of codes is of. Only looks are judged here; whether a code exists is for a table of titles to say
 * (lib/kb/titles.h). Tests: tests/unit/code.c. */
#ifndef ICD_CODE_H
#define ICD_CODE_H
#include <stdbool.h>
#include <stddef.h>

/* A string can have the shape of several systems ("V10.3", "486"), so shapes are bits.
 *   ICD-9-CM diagnosis   3 digits, V and 2, or E and 3; then up to 2 digits (E codes: 1)    401.9  V45.81  E812.0
 *   ICD-9-CM procedure   2 digits, then up to 2                                             38.93  96.6
 *   ICD-10-CM            letter, digit (QA: A), digit or letter; then up to 4 of both       I10  E11.9  S72.001A
 *   ICD-10-PCS           7 digits or letters other than I and O, of a section that exists   0DTJ4ZZ
 * The dot may be left out; where there is one, it is in its place, and it may be the last character of an ICD-10-CM
 * category ("I10.", as some corpora have it). Letters of either case. No blanks around. */
enum code_shape {
    CODE_ICD9_DIAGNOSIS = 1,
    CODE_ICD9_PROCEDURE = 2,
    CODE_ICD10_CM = 4,
    CODE_ICD10_PCS = 8,
    CODE_ICD10_PCS_PART = 16, /* the first 3 to 6 characters of a PCS code, as CodiEsp has them (bw03) */
    CODE_ICD9 = CODE_ICD9_DIAGNOSIS | CODE_ICD9_PROCEDURE,
    CODE_ICD10 = CODE_ICD10_CM | CODE_ICD10_PCS,
    CODE_WHOLE = CODE_ICD9 | CODE_ICD10
};
/* The shapes of these n bytes, 0: that of no code. */
unsigned code_look(const char *p, size_t n);
/* What tables and programs write for "no value": nothing but blanks, "nan", "NULL", "N/A", "-" ... in any case. No word
 * of these is a code. */
bool code_is_null_word(const char *p, size_t n);
/* A procedure, as the dot or the shape shows: 2 characters before the dot, ICD-10-PCS, or the beginning of such a code
 * that can be nothing else (bw03). Codes of ICD-9 without dot do not show it ("3893" can be either) and count as
 * diagnoses. */
bool code_is_procedure(const char *code);

/* Which version a set of codes is of. Zero it, add each code, ask. */
struct code_votes {
    size_t icd9, icd10; /* codes that only the one version can have */
    size_t either, none;
};
void code_vote(struct code_votes *v, const char *p, size_t n);
/* 9 or 10: the version that more of the codes are of; 0: as many of the one as of the other, or nothing but codes that
 * can be either. */
int code_version(const struct code_votes *v);

#endif
