/* The wording of synthetic notes: lists of alternatives, one of which is taken at random. In braces:
 *   {x} {X}        the expression of the mention at hand; {X} with a capital first letter where it is a word
 *   {n:3-40}       a whole number; {f:28-45} one with a decimal: 2.8 to 4.5
 *   {date} {time}  a de-identified date, a time of day
 *   {name}         any list below, recursively
 * To make notes more varied, add alternatives; a new list is used by naming it in another. synth_note.c names the lists
 * it starts from in its table of sections. Nothing here may assert one of the 50 codes except through {x}: a word such
 * as "hypertension" in the filler would be evidence that no code answers to (tests/unit/synth.c checks this). */
#include "lib/ingest/synth.h"
#include <string.h>

#define L(...) (const char *const[]){__VA_ARGS__, NULL}

static const struct synth_words words[] = {
    /* ---- evidence: diagnosis, procedure, as a sentence or as an item of a list ---- */
    {"dx_sentence",
     L("The patient was admitted with {x}.", "Course was notable for {x}.", "{X} was noted on hospital day {n:2-9}.",
       "Patient has a history of {x}.", "Known {x}, followed by {name}.",
       "She was also treated for {x} during this stay.", "He was found to have {x}.",
       "This was felt to be consistent with {x}.", "Pt w/ h/o {x}.", "{X}: continued on home regimen.",
       "The team attributed the findings to {x}.", "Workup confirmed {x}.",
       "In the setting of {x}, {drug} was adjusted.", "Given {x}, the plan was discussed with {service}.",
       "{X} - stable, will follow up as an outpatient.", "Overnight events were explained by {x}.",
       "{service} was consulted for {x}.", "Impression at that time was {x}.")},
    {"dx_item", L("{X}", "{X}", "{X}", "h/o {x}", "Hx of {x}", "{X}, diagnosed in [**{n:2080-2140}**]",
                  "{X} ([**{n:2080-2140}**])", "{x}", "{X}, on {drug}", "{X} - stable")},
    {"dx_diagnosis", L("{X}", "{X}", "{X}", "{X}, resolving", "{x}")},
    {"px_sentence",
     L("The patient underwent {x}.", "{X} was performed on [**{date}**].", "{X} was done without complication.",
       "Pt was taken for {x} and tolerated it well.", "{service} performed {x} on hospital day {n:1-9}.",
       "After discussion with the family, {x} was carried out.", "She required {x}.",
       "He required {x} for {n:1-9} days.", "S/p {x} on [**{date}**].", "Given the above, {x} was initiated.",
       "Consent was obtained for {x}.")},
    {"px_item", L("{X}", "{X}", "{X} [**{date}**]", "[**{date}**]: {X}", "{x}", "{X} ({n:1-9} days)")},
    {"px_report", L("{X} [**{date}**]: no immediate complication.", "Findings at {x}: see separate report.",
                    "{X} was reviewed with {service}.")},
    /* ---- distractors: what the patient does not have ---- */
    {"dx_negated", L("No evidence of {x}.", "The patient denied any {x}.", "There was no sign of {x}.",
                     "Workup was negative for {x}.", "{X} was ruled out.", "No {x} was seen.", "Denies {x}.",
                     "Imaging was without {x}.", "There was initial concern for {x}, which was not confirmed.",
                     "Low suspicion for {x}.")},
    {"px_negated", L("{X} was considered but not performed.", "There was no need for {x}.", "The patient declined {x}.",
                     "{X} was deferred.", "She did not require {x}.", "Plan was discussed for {x}, not done.")},
    {"dx_family",
     L("Mother with {x}.", "Father had {x}.", "A brother with {x}.", "Family history of {x} in a grandparent.",
       "Sister: {x}.", "Maternal aunt with {x} at age {n:40-88}.")},
    {"other_sentence", L("Also of note is {x}.", "Prior {x}.", "Past issues include {x}.", "{X} was addressed as well.",
                         "Hx {x}.", "Known {x}, unchanged.")},
    {"other_item", L("{X}", "{X}", "h/o {x}", "{X} ([**{n:2080-2140}**])")},

    /* ---- people and places, de-identified ---- */
    {"name", L("Dr. [**Last Name (STitle) {n:100-9999}**]",
               "Dr. [**First Name8 (NamePattern2) **] [**Last Name (NamePattern1) {n:10-999}**]", "his PCP", "her PCP",
               "the outpatient clinic", "[**Known firstname {n:1-99}**] [**Last Name (Titles) {n:100-9999}**]")},
    {"hosp", L("[**Hospital1 {n:1-99}**]", "[**Hospital3 {n:100-999}**]", "[**Hospital Ward Name {n:1-30}**]",
               "an outside hospital", "OSH", "[**Hospital6 {n:10-99}**] [**Location (un) {n:10-99}**]")},
    {"service", L("The medical team", "Neurology", "Surgery", "Infectious disease", "The ICU team", "Cardiology",
                  "Nutrition", "Renal", "Physical therapy")},
    {"date", L("{n:2100-2200}-{n:1-12}-{n:1-28}", "{n:1-12}-{n:1-28}", "{n:1-12}/{n:1-28}")},
    {"time", L("{n:10-12}:{n:10-59} am", "{n:1-9}:{n:10-59} pm", "0{n:1-9}:{n:10-59}AM", "{n:13-23}:{n:10-59}")},

    /* ---- neutral prose ---- */
    {"hpi",
     L("The patient is a [**Age over 90 **] year old presenting to {hosp} with {symptom} for {n:2-14} days.",
       "Symptoms began {n:1-9} days ago and gradually worsened.",
       "The patient was seen at {hosp} on [**{date}**] and sent home.", "There was associated {symptom} and {symptom}.",
       "In the emergency department, initial vitals were T {f:960-1010}, HR {n:58-128}, BP {n:90-170}/{n:45-95}, RR "
       "{n:12-28}, O2 sat {n:90-100}% RA.",
       "He was transferred from {hosp} for further management.",
       "She lives in [**Location (un) {n:10-999}**] and walks without help.",
       "On arrival to the floor the patient was comfortable.", "The family reported {symptom} over the past week.",
       "Labs were sent and the patient was given {drug}.", "No recent travel or sick contacts.",
       "The patient took {drug} at home with little relief.",
       "A review of records from {hosp} showed a similar episode in [**{n:2090-2150}**].",
       "The patient was last well on [**{date}**].", "EMS was called and found the patient awake and oriented.",
       "Appetite has been fair and weight is stable.")},
    {"symptom", L("malaise", "dizziness", "nausea", "poor appetite", "back discomfort", "headache", "leg swelling",
                  "generalized weakness", "sweats", "trouble sleeping", "cough", "loose stools", "lightheadedness",
                  "itching", "blurry vision", "constipation")},
    {"course",
     L("The patient was monitored on telemetry without events.", "Diet was advanced as tolerated.",
       "Electrolytes were repleted as needed.", "Pain was controlled with {drug}.",
       "{service} followed closely and agreed with the plan.", "The patient worked with physical therapy daily.",
       "Home medications were continued unless noted otherwise.",
       "{drug} was held on admission and restarted on [**{date}**].", "Vital signs remained within normal limits.",
       "Cultures from [**{date}**] showed no growth to date.", "A repeat study on [**{date}**] was unchanged.",
       "The patient was transferred to the floor on hospital day {n:2-9}.", "Urine output was adequate throughout.",
       "A family meeting was held on [**{date}**].", "The foley was removed and the patient voided without difficulty.",
       "Stool softeners were given.", "Subcutaneous heparin was given for prophylaxis.",
       "Case management arranged services at home.", "By [**{date}**] the patient was ambulating in the hall.",
       "The dose of {drug} was changed to {n:5-80} mg daily.", "Labs on the day of discharge were at baseline.",
       "The patient remained afebrile for {n:24-72} hours.", "{service} recommended conservative management.",
       "The patient was seen by {name} on [**{date}**].", "Skin care was provided by nursing.",
       "The wound was clean, dry and intact.", "A social worker met with the patient and family.",
       "Sleep was poor at first and improved with {drug}.", "Code status was discussed and confirmed.")},
    {"problem", L("# CV:", "# Resp:", "# ID:", "# FEN:", "# GI:", "# Renal:", "# Heme:", "# Neuro:", "# Endo:",
                  "# Dispo:", "1. CARDIAC:", "2. PULMONARY:", "CV:", "Resp:", "ID:", "GI:", "Neuro:", "FEN/GI:")},
    {"social", L("Lives with spouse in [**Location (un) {n:10-999}**].", "Retired teacher.",
                 "Worked for [**Company {n:100-999}**] for {n:10-40} years.", "Has {n:1-6} children.",
                 "Rare alcohol use.", "No illicit drugs.", "Independent in daily activities.",
                 "Uses a walker outside the house.", "Widowed, son is involved in care.")},
    {"family", L("Parents died of old age.", "Otherwise non-contributory.", "Two healthy siblings.",
                 "No known heritable disease.")},
    {"exam", L("VS: T {f:965-1002} HR {n:58-118} BP {n:95-165}/{n:48-92} RR {n:12-24} SpO2 {n:92-100}%",
               "GENERAL: awake, alert, no distress", "HEENT: PERRL, EOMI, MMM", "NECK: supple, no LAD, JVP flat",
               "HEART: RRR, normal S1 S2, no rubs", "LUNGS: clear anteriorly, good air movement",
               "ABDOMEN: soft, non-tender, bowel sounds present", "EXTREMITIES: warm, {n:1-2}+ pulses, no cyanosis",
               "NEURO: moves all limbs, CN II-XII intact", "SKIN: no rash", "BACK: no CVA tenderness",
               "PSYCH: calm and cooperative")},
    {"lab", L("[**{date}**] {time}   GLUCOSE-{n:70-240}* UREA N-{n:8-70}* CREAT-{f:5-48}* SODIUM-{n:126-147} "
              "POTASSIUM-{f:31-55} CHLORIDE-{n:92-112} TOTAL CO2-{n:16-32} ANION GAP-{n:8-22}",
              "[**{date}**] {time}   WBC-{f:30-220}* RBC-{f:25-52} HGB-{f:70-155}* HCT-{f:215-460}* MCV-{n:80-102} "
              "MCH-{f:260-340} MCHC-{f:310-360} RDW-{f:125-190}*",
              "[**{date}**] {time}   PT-{f:110-190} PTT-{f:220-480}* INR(PT)-{f:9-24}",
              "[**{date}**] {time}   CALCIUM-{f:75-102} PHOSPHATE-{f:20-58} MAGNESIUM-{f:15-27}",
              "[**{date}**] {time}   ALT(SGPT)-{n:10-190} AST(SGOT)-{n:12-210}* ALK PHOS-{n:40-240} TOT BILI-{f:2-34}",
              "[**{date}**] {time}   CK(CPK)-{n:30-900} CK-MB-{n:2-60} cTropnT-0.{n:10-99}*",
              "[**{date}**] {time}   TYPE-ART PO2-{n:60-210} PCO2-{n:28-62}* PH-7.{n:20-49} TOTAL CO2-{n:16-34}",
              "[**{date}**] {time} BLOOD WBC-{f:30-220} RBC-{f:25-52} Hgb-{f:70-155} Hct-{f:215-460} Plt Ct-{n:60-480}",
              "[**{date}**] {time} URINE COLOR-Yellow APPEAR-Clear SP [**Last Name (un) {n:10-999}**]-1.0{n:10-30}",
              "[**{date}**] {time} LACTATE-{f:8-52}*")},
    {"report",
     L("CXR [**{date}**]: heart size unchanged, lines in standard position.", "CT head [**{date}**]: no acute process.",
       "ECG: rate {n:58-118}, normal axis, no ST changes.", "Abdominal ultrasound: liver and spleen normal in size.",
       "MRI [**{date}**]: study limited by motion.", "Comparison is made to the film of [**{date}**].",
       "Plain film of the {side} hip: no fracture.", "IMPRESSION: no interval change.")},
    {"side", L("left", "right")},
    {"med", L("{drug} {n:5-80} mg Tablet Sig: One (1) Tablet PO DAILY (Daily).",
              "{drug} {n:5-80} mg Tablet Sig: {n:1-2} Tablet PO BID (2 times a day). Disp:*{n:14-90} Tablet(s)* "
              "Refills:*{n:0-3}*",
              "{drug} {n:100-500} mg Capsule Sig: One (1) Capsule PO Q8H (every 8 hours) as needed.",
              "{drug} {n:10-50} mg PO QHS", "{drug} {n:2-20} mL Solution Sig: PO once a day.")},
    {"drug",
     L("Acetaminophen", "Docusate Sodium", "Senna", "Calcium Carbonate", "Metoprolol", "Latanoprost", "Furosemide",
       "Gabapentin", "Multivitamin", "Folic Acid", "Thiamine", "Cyanocobalamin", "Potassium Chloride", "Lorazepam",
       "Zolpidem", "Bisacodyl", "Magnesium Oxide", "Ondansetron", "Tramadol", "Cyanocobalamin")},
    {"instructions", L("Please take all medications as directed.",
                       "Call your doctor if you have fever, worsening symptoms or any other concern.",
                       "You were admitted to {hosp} and improved with treatment.", "Weigh yourself every morning.",
                       "Do not drive while taking pain medicine.", "Your {drug} was changed; see the list above.",
                       "Keep all appointments.", "No heavy lifting for {n:2-8} weeks.",
                       "Return to the emergency department for {symptom} or {symptom}.",
                       "Drink plenty of fluids unless told otherwise.")},
    {"followup", L("{name} on [**{date}**] at {time}. Phone:[**Telephone/Fax (1) {n:100-9999}**]",
                   "Please see {name} in {n:1-6} weeks.",
                   "Provider: [**Name10 (NameIs) {n:100-999}**] Date/Time:[**{date}**] {time}")},

    /* ---- single lines ---- */
    {"complaint_heart", L("chest discomfort", "exertional symptoms", "abnormal stress test", "scheduled operation")},
    {"complaint_breath", L("shortness of breath", "dyspnea", "cough", "leg swelling")},
    {"complaint_fever", L("fever", "altered mental status", "low blood pressure", "transfer from outside hospital")},
    {"complaint_bleed", L("dark stools", "lightheadedness", "weakness", "bruising")},
    {"complaint_kidney", L("abnormal labs", "flank discomfort", "nausea", "access problem")},
    {"complaint_general", L("fall", "weakness", "abdominal discomfort", "headache", "dizziness")},
    {"allergy", L("Penicillins", "Patient recorded as having No Known Allergies to Drugs", "Sulfa (Sulfonamides)",
                  "Codeine", "Iodine", "Shellfish Derived")},
    {"disposition", L("Home", "Home With Service", "Extended Care", "Rehab at {hosp}")},
    {"condition", L("Stable.", "Good.", "Fair.", "Mental Status: Clear and coherent.")},
    {"no_procedure", L("None", "none", "None.")},
    {"no_diagnosis", L("As above", "See below", "as in the text")},
    {"addendum",
     L("The following is an addition to the summary of [**{date}**].",
       "Discharge was delayed until bed was available at {hosp}.",
       "Medication list was updated at the time of discharge.", "Pending results were reviewed with {name}.")},
    /* ---- notes of other categories ---- */
    {"nursing", L("Pt resting comfortably, vss.", "See carevue for details.", "Plan: monitor, support family.",
                  "Neuro: alert and oriented x {n:1-3}, follows commands.", "Resp: lungs coarse, sats {n:90-100}%.",
                  "GI: abd soft, +bs, tolerating diet.", "GU: foley with {n:20-120} cc/hr clear urine.",
                  "Skin: intact, turned q{n:2-4}h.", "Family called, \"doing ok\" per daughter.")},
    {"radiology", L("[**{date}**] {time}\n CHEST (PORTABLE AP)   Clip # [**Clip Number (Radiology) {n:1000-99999}**]\n "
                    "Reason: interval change",
                    "FINDINGS: Lines and tubes are unchanged.", "The cardiac silhouette is stable.",
                    "IMPRESSION: No significant interval change.", "Comparison study of [**{date}**].")},
    {"ecg", L("Sinus rhythm. Non-specific ST-T wave changes. Compared to the previous tracing of [**{date}**] no "
              "diagnostic change.",
              "Baseline artifact. Rate {n:55-120}. Clinical correlation is suggested.")},
};

const struct synth_words *synth_words_at(int i)
{
    return i >= 0 && i < (int)(sizeof words / sizeof *words) ? &words[i] : NULL;
}
const char *const *synth_words_find(const char *name, size_t len, int *n)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strlen(words[i].name) == len && !memcmp(words[i].name, name, len)) {
            for (*n = 0; words[i].alt[*n]; ++*n)
                ;
            return words[i].alt;
        }
    return NULL;
}
