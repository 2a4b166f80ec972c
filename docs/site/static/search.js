// The search's excerpts come from the text alone, not from the buttons above it.
document.addEventListener("DOMContentLoaded", () => {
  if (typeof Search === "undefined") return; // any other page
  const toText = Search.htmlToText;
  Search.htmlToText = (html, anchor) => {
    const page = new DOMParser().parseFromString(html, "text/html");
    page.querySelector('[role="main"]').replaceChildren(page.querySelector(".bd-article"));
    return toText(page.documentElement.outerHTML, anchor);
  };
});
