"use strict";
// Loss, mean IoU and AUPR over the epochs of every training.
const TRAINING_CHARTS = [
  ["loss", "Loss", [["train_loss", true], ["val_loss", false]], null],
  ["miou", "mIoU of known classes, %", [["train_miou", true], ["val_miou", false]], (value) => percent(value, 0)],
  ["aupr", "AUPR of MSP, %", [["val_aupr_msp", false]], (value) => percent(value, 0)],
];

function drawTrainings(data) {
  const section = document.getElementById("training");
  if (!data.trainings.length) { section.hidden = true; return; }
  const several = (key) => new Set(data.trainings.map((training) => training[key])).size > 1;
  const nameOf = (training) => [training.recipe, ...["protocol", "backbone", "seed"].filter(several).map((key) => `${key} ${training[key]}`)].join(", ");
  for (const [id, title, columns, shown] of TRAINING_CHARTS) {
    const series = [];
    for (const training of data.trainings) {
      for (const [column, dashed] of columns) {
        const y = training.history[column];
        if (!y || y.every((value) => value === null)) continue;
        series.push({
          x: training.history.epoch, y, dashed, colour: recipeColour(data, training.recipe), width: dashed ? 1.2 : 1.8,
          said: (index) => `${nameOf(training)}, epoch ${training.history.epoch[index]}: ${dashed ? "training" : "validation"} ${shown ? `${percent(y[index])} %` : short(y[index])}`,
        });
      }
    }
    const values = series.flatMap((one) => one.y).filter((value) => value !== null);
    const epochs = series.flatMap((one) => one.x);
    if (!values.length) { document.getElementById(id).replaceChildren(html("p", { className: "note", textContent: `${title}: not measured.` })); continue; }
    const low = Math.min(0, ...values), high = Math.max(...values) * 1.05 || 1, last = Math.max(...epochs), first = Math.min(...epochs);
    lineChart(document.getElementById(id), {
      title, x: { label: "epoch", low: first, high: last > first ? last : first + 1, ticks: ticksOf(first, Math.max(last, first + 1), 4).filter(Number.isInteger) },
      y: { low, high, shown: shown || short }, series, height: 250,
    });
  }
  const recipes = [...new Set(data.trainings.map((training) => training.recipe))];
  document.getElementById("training-legend").replaceChildren(
    ...recipes.map((recipe) => entry("stroke", recipeColour(data, recipe), recipe)),
    html("span", { textContent: "solid: validation, dashed: training" }),
  );
}
