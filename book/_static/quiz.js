// Questions: a button under each, which shows what is to be said about the chosen answer. Nothing is stored or sent.
// Without this script the feedback appears as soon as an answer is chosen (house.css).
document.addEventListener("DOMContentLoaded", function () {
  for (const quiz of document.querySelectorAll(".quiz")) {
    quiz.classList.add("quiz-live");
    for (const question of quiz.querySelectorAll("fieldset")) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = "Check";
      const said = document.createElement("div");
      said.setAttribute("role", "status");
      said.className = "quiz-said";
      question.append(button, said);
      question.addEventListener("change", function () {
        said.replaceChildren();
        said.className = "quiz-said";
      });
      button.addEventListener("click", function () {
        const chosen = question.querySelector("input:checked");
        said.replaceChildren();
        if (!chosen) {
          said.textContent = "Choose an answer first.";
          return;
        }
        const feedback = chosen.parentElement.querySelector(".quiz-feedback");
        said.className = "quiz-said " + feedback.className.replace("quiz-feedback", "");
        said.append(...feedback.cloneNode(true).childNodes);
      });
    }
  }
});
