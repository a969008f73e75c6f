#!/usr/bin/env python3
"""pipelines/letters.csv, the corpus of icdpipe-corpus(7): made-up clinic letters with ICD-10-CM codes. make_letters.py > FILE.
No letter is about anybody. What speaks for a code is said in several ways, and also denied or said of a relative; some codes
are not in the text, and some of what is said was not coded, as in real records."""
import csv
import random
import sys

SAID = {
    "I10": ["Blood pressure has stayed high, 162/94 today.", "Long-standing hypertension, on amlodipine.",
            "Known for arterial hypertension.", "HTN, not at goal."],
    "E11.9": ["Type 2 diabetes on metformin, HbA1c 7.4.", "Diabetic for nine years, no complications so far.",
              "DM2 is well controlled.", "Fasting glucose again above 140, type 2 diabetes."],
    "E78.5": ["LDL is 178, a statin was begun.", "Hyperlipidemia, on atorvastatin.", "Cholesterol remains raised.",
              "Dyslipidemia noted on the last two panels."],
    "I48.91": ["Pulse irregularly irregular, atrial fibrillation on the tracing.", "AF, anticoagulated with apixaban.",
               "Palpitations; the monitor showed atrial fibrillation.", "Rate-controlled A-fib."],
    "I50.9": ["Ankles are swollen, heart failure, furosemide was raised.", "Known CHF with an ejection fraction of 30 percent.",
              "Short of breath lying flat, congestive heart failure.", "Heart failure, weight up by three kilos."],
    "J18.9": ["Crackles at the right base, the film shows pneumonia.", "Treated for pneumonia with amoxicillin.",
              "Fever and cough with a new infiltrate, pneumonia.", "Pneumonia is resolving."],
    "J44.9": ["COPD, FEV1 at 48 percent.", "Smoker of forty years with chronic obstructive lung disease.",
              "Wheezing, COPD on tiotropium.", "Chronic obstructive pulmonary disease, stable."],
    "N18.30": ["Creatinine 1.7, chronic kidney disease stage 3.", "CKD 3, eGFR 44.", "Stage 3 kidney disease is unchanged.",
              "Kidney function corresponds to CKD stage 3."],
    "N39.0": ["Burning on urination, the culture grew E. coli.", "Urinary tract infection, nitrofurantoin given.",
              "UTI, third this year.", "Dysuria with positive nitrites, a urinary infection."],
    "F32.9": ["Low mood and early waking, depression.", "Depressive episode, sertraline was begun.",
              "She has felt hopeless for weeks, depressed.", "Depression, sleeping badly."],
    "M54.50": ["Low back pain since lifting a box.", "Lumbago, worse on sitting.", "Pain in the lower back without leg signs.",
               "Lumbar pain, physiotherapy arranged."],
    "D50.9": ["Hemoglobin 9.2 with a low ferritin, iron deficiency.", "Iron deficiency anemia, oral iron was begun.",
              "Pale; iron stores are empty.", "Microcytic anemia from lack of iron."],
}
DENIED = [("J18.9", "No sign of pneumonia."), ("F32.9", "Denies low mood."), ("E11.9", "No history of diabetes."),
          ("I48.91", "No atrial fibrillation on the tracing."), ("I50.9", "Mother had heart failure."),
          ("I10", "Father with hypertension."), ("M54.50", "No back pain."), ("N18.30", "Kidney function is normal."),
          ("N39.0", "Urine is clear."), ("J18.9", "Lungs are clear."), ("D50.9", "Hemoglobin is normal."),
          ("J44.9", "Brother has COPD.")]
OTHER = ["Seen in clinic for review.", "Lives with a daughter.", "Sleeps well.", "Appetite is good.", "Walks without help.",
         "Flu vaccine was given.", "Medication list was gone through.", "Will be seen again in three months.",
         "Weight is stable.", "Referred for eye screening.", "Does not smoke.", "Retired teacher.", "Allergic to penicillin."]
FREQUENT = {c: 6 - i * 0.35 for i, c in enumerate(SAID)}

random.seed(10)
out = csv.writer(sys.stdout, lineterminator="\n")
out.writerow(["id", "patient", "text", "codes"])
patients = ["P%03d" % i for i in range(1, 301)]
for n in range(1, 721):
    codes = []
    for _ in range(random.choice([1, 1, 2, 2, 3, 4])):
        left = [c for c in SAID if c not in codes]
        codes.append(random.choices(left, [FREQUENT[c] for c in left])[0])
    lines = [random.choice(SAID[c]) for c in codes if random.random() > 0.05] + random.sample(OTHER, random.randint(2, 4))
    lines += random.sample([d for c, d in DENIED if c not in codes], random.randint(0, 2))
    random.shuffle(lines)
    text = "%s, %d years old. " % (random.choice(["Woman", "Man"]), random.randint(31, 92)) + " ".join(lines)
    out.writerow(["L%03d" % n, random.choice(patients), text, ";".join(sorted(c for c in codes if c == codes[0] or random.random() > 0.05))])
