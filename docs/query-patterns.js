{
  // docs/query-optimisation.md asks these of the demo's data: perftui demo --documents 20000
  "equality and sort": {
    find: "prompts", filter: { category: "code", active: true }, sort: { createdAt: -1 }, limit: 20,
  },
  "equality, sort and range": {
    find: "prompts", filter: { category: "code", favorites: { $gte: 5 } }, sort: { createdAt: -1 }, limit: 20,
  },
  "list and sort": {
    find: "prompts", filter: { pattern: { $in: ["persona", "few-shot"] }, active: true }, sort: { favorites: -1 }, limit: 20,
  },
  "two orders": {
    find: "prompts", filter: {}, sort: { favorites: -1, createdAt: 1 }, limit: 20,
  },
  "covered": {
    find: "prompts", filter: { category: "code", active: true }, projection: { _id: 0, slug: 1 },
  },
  "most of them": { find: "prompts", filter: { active: true } },
  "few of them": {
    find: "prompts", filter: { featured: true, active: true }, sort: { createdAt: -1 }, limit: 10,
  },
  "all but one": { find: "prompts", filter: { category: { $ne: "analysis" } } },
  "either": {
    find: "prompts", filter: { $or: [{ slug: "plan-step-by-step-9" }, { favorites: { $gte: 1000 } }] },
  },
  "beginning": {
    strategies: {
      anchored: { find: "prompts", filter: { slug: /^plan-as-a-checklist/ }, projection: { _id: 0, slug: 1 } },
      anywhere: { find: "prompts", filter: { slug: /plan-as-a-checklist/i }, projection: { _id: 0, slug: 1 } },
    },
  },
  "words": {
    strategies: {
      regex: { find: "prompts", filter: { description: /denurafex/i }, projection: { _id: 0, slug: 1 } },
      text: { find: "prompts", filter: { $text: { $search: "denurafex" } }, projection: { _id: 0, slug: 1 } },
    },
  },
  "page 500": {
    strategies: {
      skip: { find: "prompts", filter: {}, sort: { slug: 1 }, skip: 10000, limit: 20, projection: { _id: 0, slug: 1 } },
      "where it ended": {
        find: "prompts", filter: { slug: { $gt: "rewrite-as-a-checklist-10001" } }, sort: { slug: 1 }, limit: 20, projection: { _id: 0, slug: 1 },
      },
    },
  },
  "computed first": {
    strategies: {
      "sort behind $set": {
        aggregate: "prompts",
        pipeline: [
          { $match: { category: "code" } }, { $set: { popular: { $gte: ["$favorites", 10] } } },
          { $sort: { createdAt: -1 } }, { $limit: 20 },
        ],
      },
      "sort first": {
        aggregate: "prompts",
        pipeline: [
          { $match: { category: "code" } }, { $sort: { createdAt: -1 } }, { $limit: 20 },
          { $set: { popular: { $gte: ["$favorites", 10] } } },
        ],
      },
    },
  },
  "which there are": {
    strategies: {
      distinct: { distinct: "prompts", key: "category" },
      "from all": { aggregate: "prompts", pipeline: [{ $match: { slug: { $ne: null } } }, { $group: { _id: "$category" } }] },
    },
  },
  "how many": {
    strategies: {
      count: { count: "prompts" },
      "counted one by one": { aggregate: "prompts", pipeline: [{ $group: { _id: null, n: { $sum: 1 } } }, { $project: { _id: 0, n: 1 } }] },
    },
  },
}
